"""Linear warm-up and half-cycle cosine, as in MAE and TEC."""

from __future__ import annotations

import math
from typing import Any

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.warm_up import outlasts_training
from sslrecipes.engine.schedulers.closed_form import ClosedFormSchedule
from sslrecipes.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(ClosedFormSchedule):
    """Learning rate rising linearly from exactly 0, then falling along half a cosine.

    Args:
        optimizer: Optimizer or wrapper.
        epochs: Length E of the whole schedule; the runner fills in that of the run.
        warmup_epochs: Length W of the rise.
        min_lr: Value reached at epoch E (before ``lr_scale``).
        **kwargs: Arguments of :class:`ClosedFormSchedule`.

    Source: ``util/lr_sched.py`` of facebookresearch/mae and sail-sg/TEC.
    """

    def __init__(self, optimizer: Any, epochs: int, warmup_epochs: int = 0, min_lr: float = 0.0, **kwargs: Any) -> None:
        refuse(outlasts_training(epochs, warmup_epochs))
        self.epochs = epochs
        self.warmup_epochs = warmup_epochs
        self.min_lr = min_lr
        super().__init__(optimizer, **kwargs)

    def value(self, epoch: float, base: float) -> float:
        """Learning rate at the fractional ``epoch``."""
        if epoch < self.warmup_epochs:
            return base * epoch / self.warmup_epochs
        progress = (epoch - self.warmup_epochs) / (self.epochs - self.warmup_epochs)
        return self.min_lr + (base - self.min_lr) * 0.5 * (1.0 + math.cos(math.pi * progress))
