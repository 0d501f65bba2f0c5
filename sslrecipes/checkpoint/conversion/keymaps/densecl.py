"""DenseCL (github.com/WXinlong/DenseCL), by name: MoCo in OpenSelfSup's form, with a second projection and queue.

Files hold the trained backbone twice, and two pointers that always agree. Its released backbones have our names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules, prefixed

T = TypeVar('T')

_TRAINED, _TWICE = 'encoder_q.0.', 'backbone.'
_NETWORK: Rules = (
    *prefixed('0.', '', RESNET),
    *((f'1.{part}.{{i}}.', f'neck.{part}.{{i}}.') for part in ('mlp', 'mlp2')),
)


class DenseCLMap(KeyMap):
    """Key map of a program that writes some of its weights twice."""

    def to_official(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename our parameters to the official ones, with what official files hold twice.

        Raises:
            CheckpointError: A name that the family doesn't have.
        """
        renamed = super().to_official(state)
        again = {name.replace(_TRAINED, _TWICE, 1): value for name, value in renamed.items() if _TRAINED in name}
        pointer = {'queue2_ptr': renamed['queue_ptr']} if 'queue_ptr' in renamed else {}
        return renamed | again | pointer


DENSECL = DenseCLMap(
    family='densecl',
    rules=(
        *prefixed('encoder_q.', '', _NETWORK),
        *prefixed('encoder_k.', 'momentum_encoder.', _NETWORK),
        *((name, f'head.{name}') for name in ('queue', 'queue_ptr', 'queue2')),
    ),
    left_out=(r'backbone\..+', 'queue2_ptr'),
    added=(r'probe\..+',),
    marks=('encoder_q.1.mlp2.0.weight',),
    biases='all',
)
