"""MobileNetV2: torchvision counts convolutions and blocks through, mmpretrain groups the blocks into layers."""

from __future__ import annotations

from collections.abc import Iterator

from sslrecipes.checkpoint.conversion.keymaps.rules import Rules

_BLOCKS = (1, 2, 3, 4, 3, 3, 1)
"""Number of blocks in mmpretrain's ``layer1`` to ``layer7``."""


def mobilenet_v2(official: str) -> Rules:
    """The rows of a MobileNetV2 whose list of blocks is called ``official`` (torchvision: ``features``)."""
    last = sum(_BLOCKS) + 1
    return (
        *_convolution(f'{official}.0', 'backbone.conv1'),
        *(row for block in _blocks(official) for row in block),
        *_convolution(f'{official}.{last}', 'backbone.conv2'),
    )


def _blocks(official: str) -> Iterator[Rules]:
    places = [(layer, block) for layer, length in enumerate(_BLOCKS, start=1) for block in range(length)]
    for i, (layer, block) in enumerate(places, start=1):
        yield _block(f'{official}.{i}.conv', f'backbone.layer{layer}.{block}.conv', convolutions=1 if layer == 1 else 2)


def _block(official: str, ours: str, convolutions: int) -> Rules:
    """Activated convolutions (the first block has no expansion), then the linear projection and its norm."""
    rows = [row for i in range(convolutions) for row in _convolution(f'{official}.{i}', f'{ours}.{i}')]
    projection = f'{ours}.{convolutions}'
    return (
        *rows,
        (f'{official}.{convolutions}.', f'{projection}.conv.'),
        (f'{official}.{convolutions + 1}.', f'{projection}.bn.'),
    )


def _convolution(official: str, ours: str) -> Rules:
    return (f'{official}.0.', f'{ours}.conv.'), (f'{official}.1.', f'{ours}.bn.')
