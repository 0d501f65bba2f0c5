"""Linear warm-up and half-cycle cosine over optimizer steps, as in DINO and SSLight."""

from __future__ import annotations

from typing import Any

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.warm_up import outlasts_training
from sslrecipes.engine.schedulers.closed_form import ClosedFormSchedule
from sslrecipes.models.utils.cosine import warmup_cosine
from sslrecipes.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class CosineScheduler(ClosedFormSchedule):
    """A parameter rising linearly from ``start`` to its initial value, then going along half a cosine to ``final``.

    The last value of the rise is the initial value, with which the cosine begins again; ``final`` would be reached
    one step after the last. ``start`` and ``final`` are absolute: they don't scale with the batch.

    Args:
        optimizer: Optimizer or wrapper.
        epochs: Length of the whole schedule; the runner fills in that of the run.
        final: Where the cosine leads (mmengine's own schedulers call something else ``end``).
        warmup_epochs: Length of the rise.
        start: First value of the rise.
        per_epoch: Keep the value of an epoch's first step during that epoch.
        **kwargs: Arguments of :class:`ClosedFormSchedule`, such as ``param_name='weight_decay'``.

    Source: ``cosine_scheduler`` of facebookresearch/dino and SSLight.
    """

    def __init__(
        self,
        optimizer: Any,
        epochs: int,
        final: float,
        warmup_epochs: int = 0,
        start: float = 0.0,
        per_epoch: bool = False,
        **kwargs: Any,
    ) -> None:
        refuse(outlasts_training(epochs, warmup_epochs, may_be_all=True))
        self.epochs = epochs
        self.final = final
        self.warmup_epochs = warmup_epochs
        self.start = start
        self.per_epoch = per_epoch
        super().__init__(optimizer, **kwargs)

    def value_at(self, micro_batch: int, base: float) -> float:
        """Value for the micro-batch of this number."""
        length = self.steps_per_epoch
        step = self.optimizer_step(micro_batch)
        if self.per_epoch:
            step -= step % length
        return warmup_cosine(step, self.epochs * length, base, self.final, self.warmup_epochs * length, self.start)
