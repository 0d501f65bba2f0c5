"""Linear warm-up and half-cycle cosine, as in MAE, TEC and S3L."""

from __future__ import annotations

import math
from typing import Any

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.warm_up import outlasts_training
from sslrecipes.engine.schedulers.closed_form import ClosedFormSchedule
from sslrecipes.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(ClosedFormSchedule):
    """Learning rate rising linearly, from exactly 0 unless told otherwise, then falling along half a cosine.

    Args:
        optimizer: Optimizer or wrapper.
        epochs: Length E of the whole schedule; the runner fills in that of the run.
        warmup_epochs: Length W of the rise.
        min_lr: Value reached at epoch E (before ``lr_scale``).
        start: Value that the rise begins with (before ``lr_scale``).
        per_epoch: Let the cosine move once per epoch, to its value at the epoch's begin; the rise moves with each step.
        **kwargs: Arguments of :class:`ClosedFormSchedule`.

    Source: ``util/lr_sched.py`` of facebookresearch/mae and sail-sg/TEC; ``adjust_learning_rate`` of S3L.
    """

    def __init__(
        self,
        optimizer: Any,
        epochs: int,
        warmup_epochs: int = 0,
        min_lr: float = 0.0,
        start: float = 0.0,
        per_epoch: bool = False,
        **kwargs: Any,
    ) -> None:
        refuse(outlasts_training(epochs, warmup_epochs))
        self.epochs = epochs
        self.warmup_epochs = warmup_epochs
        self.min_lr = min_lr
        self.start = start
        self.per_epoch = per_epoch
        super().__init__(optimizer, **kwargs)

    def value(self, epoch: float, base: float) -> float:
        """Learning rate at the fractional ``epoch``."""
        if epoch < self.warmup_epochs:
            return self.start + (base - self.start) * epoch / self.warmup_epochs
        if self.per_epoch:
            epoch = math.floor(epoch)
        progress = (epoch - self.warmup_epochs) / (self.epochs - self.warmup_epochs)
        return self.min_lr + (base - self.min_lr) * 0.5 * (1.0 + math.cos(math.pi * progress))
