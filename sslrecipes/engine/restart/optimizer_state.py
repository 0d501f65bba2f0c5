"""What an optimizer was given to go on with, looked at before its first step would stumble over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Number
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from sslrecipes.engine.optimizers import moments

STEP = 'step'


def check_optimizer_state(optimizer: Optimizer, options: Sequence[Mapping[str, Any]]) -> None:
    """Compare what was loaded into an optimizer with its parameters, and with the options it was built with.

    Args:
        optimizer: After its state was loaded.
        options: Those of its groups before that; what a wrapper adds at the end doesn't matter.

    Raises:
        ValueError: If something can't be meant.
    """
    wrong = next((sentence for sentences in _complaints(optimizer, options) for sentence in sentences), None)
    if wrong:
        raise ValueError(wrong)


def _complaints(optimizer: Optimizer, options: Sequence[Mapping[str, Any]]) -> Iterator[Iterator[str]]:
    for group, own in zip(optimizer.param_groups, options, strict=False):
        shared = own.keys() & group.keys()
        yield (f'{name} is {group[name]!r}' for name in shared if not _alike(own[name], group[name]))
        states = [(parameter, optimizer.state.get(parameter)) for parameter in group['params']]
        known = {name for _, state in states for name in state or () if name in {*moments.NAMES, STEP}}
        for parameter, state in states:
            if state:
                yield (f'{name} of a parameter does not fit it' for name in known if not _fits(name, state, parameter))


def _fits(name: str, state: Mapping[str, Any], parameter: Tensor) -> bool:
    value = state.get(name)
    if value is None and name == 'momentum_buffer':
        return True  # as before the first step
    if name in moments.NAMES:
        return isinstance(value, Tensor) and value.shape == parameter.shape
    number = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
    return isinstance(number, int | float) and number >= 0


def _alike(own: Any, held: Any) -> bool:
    """Whether an option may replace another one: numbers a number, so many numbers as many."""
    if isinstance(own, list | tuple):
        return isinstance(held, list | tuple) and len(own) == len(held) and all(map(_alike, own, held))
    if isinstance(own, Number):
        return isinstance(held, Number) or (isinstance(held, Tensor) and held.numel() == 1)
    return not isinstance(own, str) or isinstance(held, str)
