"""Barlow Twins (github.com/facebookresearch/barlowtwins), by name: a ResNet, a projection, and a norm of its outputs.

That norm has no weights, and its running statistics are never used. The backbones released beside it have our names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.errors import CheckpointError

T = TypeVar('T')

_PROJECTION, _MEANS = 'projector.', 'bn.running_mean'


class BarlowTwinsMap(KeyMap):
    """Key map of a program with a norm that ours doesn't keep statistics of."""

    def to_ours(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename official parameters to ours, without the statistics of that norm.

        Raises:
            CheckpointError: A name that the family doesn't have, or a projection without its end.
        """
        renamed = super().to_ours(state)
        _refuse_other_end(state)
        return renamed

    def to_official(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename our parameters to the official ones, with the statistics of a norm that has seen nothing.

        Raises:
            CheckpointError: A name that the family doesn't have, or a projection without its end.
        """
        renamed = super().to_official(state)
        _refuse_other_end(renamed)
        outputs = [value for name, value in renamed.items() if name.startswith(_PROJECTION) and _is_matrix(value)]
        fresh = torch.nn.BatchNorm1d(len(cast('Tensor', outputs[-1])), affine=False).state_dict() if outputs else {}
        return renamed | {f'bn.{name}': cast('T', value) for name, value in fresh.items()}


def _refuse_other_end(state: Mapping[str, Any]) -> None:
    """Refuse official weights whose projection doesn't end with the layer whose outputs the norm is for.

    That layer has no norm of its own, and nothing else would miss it.
    """
    numbers = [name.split('.')[1] for name in state if name.startswith(_PROJECTION)]
    last = f'{_PROJECTION}{max((int(number) for number in numbers if number.isdigit()), default=0)}.weight'
    end, means = state.get(last), state.get(_MEANS)
    if isinstance(end, Tensor) and not _is_matrix(end):
        raise CheckpointError('its network is not whole: the last layer of its projection is missing.')
    if isinstance(end, Tensor) and isinstance(means, Tensor) and len(end) != len(means):
        raise CheckpointError(
            f'its network is not whole: {last} is of {tuple(end.shape)}, {_MEANS} of {tuple(means.shape)}.'
        )


def _is_matrix(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim > 1


def _put(state: dict[str, Tensor]) -> dict[str, Any]:
    """In the entry ``model``, wrapped for several processes."""
    return {'model': {f'module.{name}': value for name, value in state.items()}}


BARLOW_TWINS = BarlowTwinsMap(
    family='barlow-twins',
    rules=(*((f'backbone.{theirs}', ours) for theirs, ours in RESNET), (f'{_PROJECTION}{{i}}.', 'neck.mlp.{i}.')),
    left_out=(r'bn\.(running_mean|running_var|num_batches_tracked)',),
    added=(r'probe\..+',),
    marks=(_MEANS,),
    biases='none',
    layout=Layout(_put),
)
