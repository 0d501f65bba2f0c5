"""Optimizer wrappers: gradient accumulation within an epoch, autocast on every device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper as MMEngineAmpOptimWrapper
from mmengine.optim import OptimWrapper as MMEngineOptimWrapper
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.registry import OPTIM_WRAPPERS

AUTOCAST_DTYPES = {'float16': torch.float16, 'bfloat16': torch.bfloat16}


@OPTIM_WRAPPERS.register_module()
class OptimWrapper(MMEngineOptimWrapper):
    """mmengine's ``OptimWrapper`` whose gradient accumulation starts anew at each epoch.

    Micro-batches left over at the end of an epoch are dropped, as in the official MAE and TEC code; upstream carries
    them into the next epoch, so that the schedule and the optimizer steps drift apart.
    """

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
        dtype: ``'float16'`` (with loss scaling) or ``'bfloat16'`` (needs none).
        loss_scale: ``'dynamic'`` or a fixed factor; float16 only.
        **kwargs: Arguments of :class:`OptimWrapper`.

    Raises:
        ConfigError: For another ``dtype``.
    """

    def __init__(self, dtype: str = 'float16', loss_scale: str | float = 'dynamic', **kwargs: Any) -> None:
        if dtype not in AUTOCAST_DTYPES:
            raise ConfigError(f'AmpOptimWrapper: dtype is one of {list(AUTOCAST_DTYPES)}, not {dtype!r}.')
        MMEngineOptimWrapper.__init__(self, **kwargs)
        self.cast_dtype = AUTOCAST_DTYPES[dtype]
        self._scale_update_param = None if loss_scale == 'dynamic' else float(loss_scale)
        self.loss_scaler = torch.amp.GradScaler(
            get_device(), init_scale=self._scale_update_param or 2.0**16, enabled=dtype == 'float16'
        )

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
