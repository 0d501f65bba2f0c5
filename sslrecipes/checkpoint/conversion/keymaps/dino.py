"""DINO (github.com/facebookresearch/dino): backbone files and full training checkpoints of ViTs and ResNet-50.

What a full checkpoint holds has its path in the file for a name (``student.backbone.norm.weight``,
``dino_loss.center``), without the ``module.`` of DDP.
"""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules
from sslrecipes.checkpoint.conversion.keymaps.sslight import DINO_HEAD, network
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY

_BACKBONES: Rules = (*BODY, *RESNET)

DINO = KeyMap(
    family='dino',
    rules=(
        *network('student.', '', _BACKBONES, DINO_HEAD),
        *network('teacher.', 'teacher.', _BACKBONES, DINO_HEAD),
        ('dino_loss.center', 'head.center'),
        *_BACKBONES,
    ),
    added=(r'probe\..+',),
)
