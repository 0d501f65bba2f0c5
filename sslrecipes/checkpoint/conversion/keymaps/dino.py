"""DINO (github.com/facebookresearch/dino): backbone files and full training checkpoints of ViTs and ResNet-50.

What a full checkpoint holds has its path in the file for a name (``student.backbone.norm.weight``,
``dino_loss.center``), without the ``module.`` of DDP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, held, part
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules
from sslrecipes.checkpoint.conversion.keymaps.sslight import DINO_HEAD, network
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY

_BACKBONES: Rules = (*BODY, *RESNET)


def _take(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The networks of a full checkpoint, which is known by its entry ``dino_loss``."""
    if not held(checkpoint, 'dino_loss'):
        return {}
    return {
        f'{entry}.{name.removeprefix("module.")}': value
        for entry in ('student', 'teacher', 'dino_loss')
        for name, value in held(checkpoint, entry).items()
    }


def _put(state: dict[str, Tensor]) -> dict[str, Any]:
    """The teacher is in DDP, whose names begin with ``module.``, only if it has batch norms; the student always."""
    in_ddp = any(name.endswith('running_mean') for name in state)
    return {
        'student': part(state, 'student.', 'module.'),
        'teacher': part(state, 'teacher.', 'module.' if in_ddp else ''),
        'dino_loss': part(state, 'dino_loss.'),
    }


DINO = KeyMap(
    family='dino',
    rules=(
        *network('student.', '', _BACKBONES, DINO_HEAD),
        *network('teacher.', 'teacher.', _BACKBONES, DINO_HEAD),
        ('dino_loss.center', 'head.center'),
        *_BACKBONES,
    ),
    added=(r'probe\..+',),
    marks=('dino_loss.center',),
    layout=Layout(_put, _take, {'student': 'student', 'teacher': 'student'}),
)
