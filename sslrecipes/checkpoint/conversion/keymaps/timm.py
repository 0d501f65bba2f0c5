"""timm: its ViTs (names as in MAE), ResNets (as in torchvision) and MobileNetV2 (names of its own)."""

from __future__ import annotations

from collections.abc import Iterator

from sslrecipes.checkpoint.backbone_arch import MOBILENET_BLOCKS
from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, bare
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import BESIDE_THE_BACKBONE, KeyMap, Rules
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY, CLASSIFIER

_FIRST = (('conv_dw.', '0.conv.'), ('bn1.', '0.bn.'), ('conv_pw.', '1.conv.'), ('bn2.', '1.bn.'))
_OTHERS = (
    ('conv_pw.', '0.conv.'),
    ('bn1.', '0.bn.'),
    ('conv_dw.', '1.conv.'),
    ('bn2.', '1.bn.'),
    ('conv_pwl.', '2.conv.'),
    ('bn3.', '2.bn.'),
)


def _blocks() -> Iterator[tuple[str, str]]:
    for stage, length in enumerate(MOBILENET_BLOCKS):
        parts = _FIRST if stage == 0 else _OTHERS
        for block in range(length):
            for theirs, ours in parts:
                yield f'blocks.{stage}.{block}.{theirs}', f'backbone.layer{stage + 1}.{block}.conv.{ours}'


_MOBILENET_V2: Rules = (
    ('conv_stem.', 'backbone.conv1.conv.'),
    ('bn1.', 'backbone.conv1.bn.'),
    *_blocks(),
    ('conv_head.', 'backbone.conv2.conv.'),
    ('bn2.', 'backbone.conv2.bn.'),
)

TIMM = KeyMap(family='timm', rules=(*BODY, *CLASSIFIER, *RESNET))
TIMM_MOBILENET_V2 = KeyMap(
    family='timm-mobilenetv2',
    rules=_MOBILENET_V2,
    left_out=(r'classifier\..+',),
    added=BESIDE_THE_BACKBONE,
    marks=('conv_stem.weight',),  # its ViTs and ResNets have the names of others
    layout=Layout(bare),
)
"""A table of its own, because ``bn1`` is another norm in a ResNet."""
