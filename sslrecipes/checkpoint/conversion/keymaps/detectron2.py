"""detectron2 (github.com/facebookresearch/detectron2): its ResNets, bare, and the ViT of its ViTDet models.

A ResNet's names are matched by their ends with those of the detector (``matching_heuristics``); the ViT's are the
detector's own, and so are those of a ResNet as JigClu and W2SSL convert it, beside which lie its former classifiers.
ViTDet has no class token and no final norm: it leaves those of a file alone.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout
from sslrecipes.checkpoint.conversion.keymaps.rules import BESIDE_THE_BACKBONE, KeyMap, Rules, prefixed
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY

_BLOCK = (
    ('conv{n}.', 'conv{n}.'),
    ('conv{n}.norm.', 'bn{n}.'),
)
_SHORTCUT = (
    ('shortcut.', 'downsample.0.'),
    ('shortcut.norm.', 'downsample.1.'),
)


def _parts() -> Rules:
    numbered = ((theirs.format(n=n), ours.format(n=n)) for n in (1, 2, 3) for theirs, ours in _BLOCK)
    return (*numbered, *_SHORTCUT)


_RESNET: Rules = (
    ('stem.conv1.', 'backbone.conv1.'),
    ('stem.conv1.norm.', 'backbone.bn1.'),
    *(
        (f'res{stage + 1}.{{i}}.{theirs}', f'backbone.layer{stage}.{{i}}.{ours}')
        for stage in (1, 2, 3, 4)
        for theirs, ours in _parts()
    ),
)
_IN_DETECTOR = 'backbone.bottom_up.'
_VIT: Rules = tuple((f'backbone.net.{theirs}', ours) for theirs, ours in (*BODY, ('fc_norm.', 'backbone.ln2.')))


def _put(state: dict[str, Tensor]) -> dict[str, Any]:
    """With the word that the names are to be matched by their ends."""
    return {'model': state, '__author__': 'sslrecipes', 'matching_heuristics': True}


DETECTRON2 = KeyMap(
    family='detectron2',
    rules=(*_RESNET, *prefixed(_IN_DETECTOR, '', _RESNET), *_VIT),
    left_out=(r'(backbone\.bottom_up\.|stem\.)fc(_\w+)?\..+',),
    added=BESIDE_THE_BACKBONE,
    marks=('stem.conv1.weight', f'{_IN_DETECTOR}stem.conv1.weight', 'backbone.net.pos_embed'),  # of each of the three
    layout=Layout(_put),
)
