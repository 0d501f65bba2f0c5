"""The plain ResNet body: mmpretrain's names are torchvision's; other sources call the six parts of it differently."""

from __future__ import annotations

from collections.abc import Sequence

from sslrecipes.checkpoint.conversion.keymaps.rules import Rules

_STAGES = ('layer1', 'layer2', 'layer3', 'layer4')
_BLOCK = ('conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'downsample.0', 'downsample.1')


def resnet(stem: tuple[str, str], stages: Sequence[str]) -> Rules:
    """The rows of a ResNet whose first convolution and norm are called ``stem``, and its four stages ``stages``."""
    blocks = (
        (f'{official}.{{i}}.{part}.', f'backbone.{ours}.{{i}}.{part}.')
        for official, ours in zip(stages, _STAGES, strict=True)
        for part in _BLOCK
    )
    return ((f'{stem[0]}.', 'backbone.conv1.'), (f'{stem[1]}.', 'backbone.bn1.'), *blocks)


RESNET: Rules = resnet(('conv1', 'bn1'), _STAGES)
