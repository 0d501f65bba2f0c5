"""mmselfsup and mmpretrain, by name: SimCLR, SimSiam and BYOL, and MoCo, whose neck and follower have other names.

Backbones have our own names, so that files of these programs are loaded as they are; only a conversion renames the
rest. The first releases of mmselfsup (0.x) hold the trained network twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules, prefixed

T = TypeVar('T')

_MAX_LAYERS = 4
"""More linear layers than any of their necks has."""
_MATRIX = 2
"""Dimensions of a linear layer's weight; those of norms have one."""


class MMSelfSupMap(KeyMap):
    """Key map of programs whose last linear layers may lack a bias, and whose followers count their updates."""

    def to_ours(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename official parameters to ours; a last layer that may lack a bias gets zeros, for ours always have one.

        Raises:
            CheckpointError: A name that the family doesn't have.
        """
        renamed = super().to_ours(state)
        for layer, weight in self._perhaps_without_bias(renamed).items():
            renamed.setdefault(f'{layer}.bias', cast('T', weight.new_zeros(len(weight))))
        return renamed

    def to_official(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename our parameters to the official ones, without those biases of last layers that are zero.

        A follower counts as begun: one that hasn't would take over the trained network.

        Raises:
            CheckpointError: A name that the family doesn't have.
        """
        biases = {f'{layer}.bias' for layer in self._perhaps_without_bias(state)}
        renamed = super().to_official({k: v for k, v in state.items() if not (k in biases and _is_zero(v))})
        followers = {name.split('.')[0] for name, value in renamed.items() if '.module.' in name and _is_tensor(value)}
        return renamed | {f'{follower}.steps': cast('T', torch.ones((), dtype=torch.long)) for follower in followers}

    def _perhaps_without_bias(self, state: Mapping[str, Any]) -> dict[str, Tensor]:
        return {} if self.biases == 'all' else _last_layers(state)


def _last_layers(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The last linear layer of each projection and predictor: our name of it, and its weight."""
    last: dict[str, str] = {}
    for name in (name for name, value in state.items() if _is_tensor(value) and value.ndim == _MATRIX):
        mlp, _, number = name.removesuffix('.weight').rpartition('.')
        if mlp.endswith('.mlp') and number.isdigit() and int(number) >= int(last.get(mlp, '0')):
            last[mlp] = number
    return {f'{mlp}.{number}': state[f'{mlp}.{number}.weight'] for mlp, number in last.items()}


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _is_zero(value: Any) -> bool:
    return isinstance(value, Tensor) and not value.any()


def _networks(neck: Rules, follower: str, ours: str) -> Rules:
    """The rows of the trained network and of its follower: backbone and neck in sequence, in 1.x inside an average."""
    sequence = (*prefixed('0.', '', RESNET), *prefixed('1.', 'neck.', neck))
    return (
        *prefixed('backbone.', '', RESNET),
        *prefixed('neck.', 'neck.', neck),
        *prefixed(f'{follower}.module.', f'{ours}.', sequence),
        *prefixed(f'{follower}.', f'{ours}.', sequence),
    )


_NECK: Rules = tuple(
    (f'{part}{i}.', f'mlp.{3 * i + place}.') for i in range(_MAX_LAYERS) for place, part in enumerate(('fc', 'bn'))
)
"""A norm behind each linear layer, perhaps but the last, and then an activation."""
_MOCO_NECK: Rules = (('mlp.{i}.', 'mlp.{i}.'),)


MMSELFSUP = MMSelfSupMap(
    family='mmselfsup',
    rules=(
        *_networks(_NECK, 'target_net', 'teacher'),
        *prefixed('head.predictor.', 'head.predictor.', _NECK),
    ),
    left_out=(r'target_net\.steps', r'(online_net|encoder)\.[01]\..+'),
    added=(r'probe\..+',),
    signs=('neck.fc0.weight',),
    biases='unnormed',
    loads_as_it_is=True,
)

MMSELFSUP_MOCO = MMSelfSupMap(
    family='mmselfsup-moco',
    rules=(
        *_networks(_MOCO_NECK, 'encoder_k', 'momentum_encoder'),
        ('queue', 'head.queue'),
        ('queue_ptr', 'head.queue_ptr'),
    ),
    left_out=(r'encoder_k\.steps', r'encoder_q\.[01]\..+'),
    added=(r'probe\..+',),
    signs=('neck.mlp.0.weight', 'queue'),
    biases='all',
    loads_as_it_is=True,
)
