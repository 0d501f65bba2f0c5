"""Optimizer wrappers: gradient accumulation within an epoch, guarded steps, autocast on every device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper as MMEngineAmpOptimWrapper
from mmengine.optim import OptimWrapper as MMEngineOptimWrapper
from torch import Tensor, nn

from sslrecipes.errors import ConfigError
from sslrecipes.evaluation.features import AUTOCAST_DTYPES
from sslrecipes.registry import OPTIM_WRAPPERS


class StepGuard(Protocol):
    """Decides between the last backward pass and the optimizer's step whether the step is taken."""

    def see_loss(self, loss: Tensor) -> None:
        """Take note of a micro-batch's loss, unscaled, before its backward pass."""

    def allows_step(self) -> bool:
        """Answer once per optimizer step, when all gradients are there; may raise to end the run."""


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(MMEngineOptimWrapper):
    """mmengine's ``OptimWrapper`` whose gradient accumulation starts anew at each epoch.

    Micro-batches left over at the end of an epoch are dropped, as in the official MAE and TEC code; upstream carries
    them into the next epoch, so that the schedule and the optimizer steps drift apart.

    Attributes:
        guard: Asked before each step; if it says no, the gradients are dropped and weights, optimizer and loss scale
            stay as they are.
        withheld: Parameters that the next step leaves alone: no weight decay, no momentum, as if not trained.
        step_taken: Whether the latest step was taken, neither forbidden nor left out for an overflow.
    """

    guard: StepGuard | None = None
    withheld: Sequence[nn.Parameter] = ()
    step_taken = False

    @property
    def expects_overflow(self) -> bool:
        """Whether gradients that aren't finite are ordinary, because a loss scaler deals with them."""
        return False

    def update_params(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Run the backward pass and, after the last micro-batch of a step, take the step."""
        if self.guard is not None:
            self.guard.see_loss(loss.detach())
        super().update_params(loss, *args, **kwargs)

    def step(self, **kwargs: Any) -> None:
        """Take the step unless the guard forbids it."""
        for parameter in self.withheld:
            parameter.grad = None
        self.step_taken = self.guard is None or self.guard.allows_step()
        if self.step_taken:
            super().step(**kwargs)

    def begin_epoch(self) -> None:
        """Forget the gradients of left-over micro-batches."""
        self._inner_count = 0
        self.zero_grad()

    def initialize_count_status(self, model: nn.Module, init_counts: int, max_counts: int) -> None:
        """Start counting micro-batches; whole accumulations only, hence no shorter one at the end of training."""
        self._inner_count, self._max_counts = 0, -1


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(OptimWrapper, MMEngineAmpOptimWrapper):
    """Automatic mixed precision on any device; upstream's class refuses the CPU.

    Args:
        dtype: ``'float16'`` (with loss scaling) or ``'bfloat16'`` (needs none). None is the device's own, as upstream:
            bfloat16 on CPUs, else float16.
        loss_scale: ``'dynamic'``, a fixed factor, or arguments of torch's ``GradScaler``; float16 only.
        **kwargs: Arguments of :class:`OptimWrapper`.

    Raises:
        ConfigError: For another ``dtype``.
    """

    def __init__(
        self, dtype: str | None = 'float16', loss_scale: str | float | dict[str, Any] = 'dynamic', **kwargs: Any
    ) -> None:
        dtype = dtype or ('bfloat16' if get_device() == 'cpu' else 'float16')
        if dtype not in AUTOCAST_DTYPES:
            raise ConfigError(f'AmpOptimWrapper: dtype is one of {list(AUTOCAST_DTYPES)}, not {dtype!r}.')
        MMEngineOptimWrapper.__init__(self, **kwargs)
        self.cast_dtype = AUTOCAST_DTYPES[dtype]
        options = {} if loss_scale == 'dynamic' else loss_scale
        self._scale_update_param = None if isinstance(options, dict) else float(options)
        scaling = options if isinstance(options, dict) else {'init_scale': self._scale_update_param}
        self.loss_scaler = torch.amp.GradScaler(get_device(), **{'enabled': dtype == 'float16', **scaling})

    @property
    def expects_overflow(self) -> bool:
        """Whether the loss scale is dynamic and not yet below 1, where lowering it further can't help."""
        dynamic = self.loss_scaler.is_enabled() and self._scale_update_param is None
        return dynamic and self.loss_scaler.get_scale() >= 1

    def step(self, **kwargs: Any) -> None:
        """Take the step unless the guard forbids it or gradients overflow, which lowers a dynamic loss scale."""
        scale = self.loss_scaler.get_scale()
        super().step(**kwargs)
        self.step_taken &= self.loss_scaler.get_scale() >= scale

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the optimizer and, unless the run had none (bfloat16), the loss scale."""
        if not state_dict.get('loss_scaler', True):
            state_dict = {key: value for key, value in state_dict.items() if key != 'loss_scaler'}
        super().load_state_dict(state_dict)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, and no gradient synchronisation while gradients accumulate."""
        with MMEngineOptimWrapper.optim_context(self, model), torch.autocast(get_device(), dtype=self.cast_dtype):
            yield
