"""What optimizers keep beside each trained parameter: moving averages of its gradients, of its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.optim import OptimWrapper

#: What they are called in an optimizer's state.
NAMES = frozenset({'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'momentum_buffer'})
_OF_TYPE = {'AdamW': 2, 'Adam': 2, 'Lamb': 2, 'SGD': 1, 'LARS': 1}
_OF_OPTION = {'betas': 2, 'momentum': 1}


def moments_kept(optim_wrapper: OptimWrapper | Mapping[str, Any]) -> int:
    """How many the optimizer keeps of each parameter: by its options, or by its type as long as it isn't built."""
    if isinstance(optim_wrapper, Mapping):
        return _OF_TYPE.get(optim_wrapper['optimizer']['type'], 2)
    return max((count for option, count in _OF_OPTION.items() if optim_wrapper.defaults.get(option)), default=0)
