"""Schedules that are functions of the step alone."""

from __future__ import annotations

from typing import Any

from mmengine.optim.scheduler.param_scheduler import _ParamScheduler

from sslrecipes.errors import ConfigError, did_you_mean


class ClosedFormSchedule(_ParamScheduler):
    """A parameter as a function of the fractional epoch; subclasses give the function, :meth:`value`.

    The only state is the step count: resuming, or changing the recipe before resuming, can't shift the curve.
    As in the official code the value changes at optimizer steps, not at the micro-batches between them.

    Args:
        optimizer: Optimizer or wrapper. A group's ``lr_scale`` multiplies the curve of the
            learning rate, its ``decay_scale`` that of the weight decay; a group with ``fix_lr`` keeps its learning
            rate, as the predictor of SimSiam does.
        epoch_length: Micro-batches per epoch; the runner fills it in.
        accumulative_counts: Micro-batches per optimizer step; the runner fills it in.
        param_name: Scheduled entry of the parameter groups.
        **kwargs: Arguments of mmengine's scheduler.

    Raises:
        ConfigError: If the optimizer has no option of that name.
    """

    def __init__(
        self,
        optimizer: Any,
        epoch_length: int,
        accumulative_counts: int = 1,
        param_name: str = 'lr',
        **kwargs: Any,
    ) -> None:
        known = optimizer.param_groups[0]
        if param_name not in known:
            hint = did_you_mean(param_name, known)
            raise ConfigError(f'param_scheduler: the optimizer has no option "{param_name}" to schedule.{hint}')
        kwargs.pop('epochs', None)  # the runner tells the length of the run, on which not every curve depends
        self.epoch_length = epoch_length
        self.accumulative_counts = accumulative_counts
        super().__init__(optimizer, param_name, by_epoch=False, **kwargs)

    def value(self, epoch: float, base: float) -> float:
        """Value at the fractional ``epoch`` for the unscaled initial value ``base``."""
        raise NotImplementedError

    def value_at(self, micro_batch: int, base: float) -> float:
        """Value for the micro-batch of this number; by default :meth:`value` of the fractional epoch."""
        return self.value(self.fractional_epoch(micro_batch), base)

    def fractional_epoch(self, micro_batch: int) -> float:
        """Epoch at a micro-batch, rounded down to the last optimizer step of that epoch."""
        epoch, batch = divmod(micro_batch, self.epoch_length)
        return (batch - batch % self.accumulative_counts) / self.epoch_length + epoch

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of an epoch; micro-batches that are left over make none."""
        return self.epoch_length // self.accumulative_counts

    def optimizer_step(self, micro_batch: int) -> int:
        """Optimizer steps done before the one that a micro-batch belongs to."""
        epoch, batch = divmod(micro_batch, self.epoch_length)
        return epoch * self.steps_per_epoch + min(batch // self.accumulative_counts, self.steps_per_epoch - 1)

    def state_dict(self) -> dict[str, int]:
        """The step count."""
        return {'last_step': self.last_step, '_global_step': self._global_step}

    def step(self) -> None:
        """Move on by one micro-batch."""
        self.move(1)

    def move(self, steps: int) -> None:
        """Move on by ``steps`` micro-batches and set the value for that step."""
        self._global_step += steps
        self.last_step += steps
        self._last_value = self._get_value()
        for group, value in zip(self.optimizer.param_groups, self._last_value, strict=True):
            group[self.param_name] = value

    def _get_value(self) -> list[float]:
        factor = {'lr': 'lr_scale', 'weight_decay': 'decay_scale'}.get(self.param_name, '')
        scales = [group.get(factor, 1.0) for group in self.optimizer.param_groups]
        fixed = [self.param_name == 'lr' and group.get('fix_lr', False) for group in self.optimizer.param_groups]
        return [
            base if stays else scale * self.value_at(self.last_step, base / scale) if scale else 0.0
            for stays, scale, base in zip(fixed, scales, self.base_values, strict=True)
        ]

    @classmethod
    def build_iter_from_epoch(cls, *args: Any, end: Any = None, by_epoch: bool = True, **kwargs: Any) -> Any:
        """Build from a config in epochs; ``end`` and ``by_epoch``, set by the runner, don't apply."""
        return cls(*args, **kwargs)
