"""Which module of a model is the first whose output, or whose output's gradient, isn't finite."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import TracebackType
from typing import Any

from torch import Tensor, nn


class ModuleWatch:
    """Context in which all modules of a model are watched; inner ones are reported before those around them.

    Args:
        model: The model.
        device: Its device.

    Attributes:
        first_output: The first module whose output isn't finite, and what it was given; empty if there is none.
        first_gradient: The module at whose output the backward pass first meets a gradient that isn't finite.
    """

    def __init__(self, model: nn.Module, device: str = 'cpu') -> None:
        self.model = model
        self.device = device
        self.first_output = ''
        self.first_gradient = ''
        self._handles: list[Any] = []

    def __enter__(self) -> ModuleWatch:
        for name, module in self.model.named_modules():
            label = f'{name or "the whole model"} ({type(module).__name__})'
            hook = partial(self._after_forward, label)
            self._handles.append(module.register_forward_hook(hook, with_kwargs=True))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for handle in self._handles:
            handle.remove()

    def _after_forward(
        self, label: str, _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        for tensor in tensors_in(output):
            if not self.first_output and not tensor.isfinite().all():
                given = '\n  '.join(map(describe, tensors_in([args, kwargs])))
                self.first_output = f'{label}, given\n  {given}'
            if tensor.requires_grad:
                tensor.register_hook(partial(self._after_backward, label))

    def _after_backward(self, label: str, gradient: Tensor) -> None:
        if not self.first_gradient and not gradient.isfinite().all():
            self.first_gradient = f'at the output of {label}: {describe(gradient)}'


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in nested containers."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(entry)


def describe(tensor: Tensor) -> str:
    """Type, shape and range of a tensor; for ``(B, ...)`` also which entries are not finite or constant."""
    text = f'{str(tensor.dtype).removeprefix("torch.")} {tuple(tensor.shape)}'
    values = tensor.detach().double()
    finite = values.isfinite()
    if finite.any():
        kept = values[finite]
        text += f', {kept.min():.4g} to {kept.max():.4g}, mean {kept.mean():.4g}, std {kept.std(correction=0):.4g}'
    if values.dim() > 1:
        rows = values.flatten(1)
        good = finite.flatten(1).all(1)
        text += _listed('constant', good & (rows == rows[:, :1]).all(1)) + _listed('not finite', ~good)
    return text + (f', {int((~finite).sum())} of {values.numel()} values not finite' if not finite.all() else '')


def _listed(word: str, flags: Tensor) -> str:
    numbers = flags.nonzero().flatten().tolist()
    if not numbers:
        return ''
    more = f' and {len(numbers) - 8} more' if len(numbers) > 8 else ''
    return f', {word}: no. {", ".join(map(str, numbers[:8]))}{more}'
