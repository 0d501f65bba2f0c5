"""The entropy of soft targets in the log of a training."""

from __future__ import annotations

from typing import Any

from mmpretrain.models import BaseSelfSupervisor
from torch import Tensor


class TargetEntropyLog(BaseSelfSupervisor):
    """Base of methods that learn by cross-entropy: logs ``target_entropy``, which that loss can't fall below.

    The head keeps it as ``head.target_entropy``; None, when it has no such loss, logs nothing. It is no loss: nothing
    is added to what is minimised.
    """

    def parse_losses(self, losses: dict[str, Any]) -> tuple[Tensor, dict[str, Any]]:
        """Return the total loss, and what is logged."""
        total, logged = super().parse_losses(losses)
        entropy = self.head.target_entropy
        return total, logged if entropy is None else {**logged, 'target_entropy': entropy}
