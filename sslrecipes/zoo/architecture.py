"""What a backbone is called in a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SIZES = {'t': 'tiny', 's': 'small', 'b': 'base', 'l': 'large', 'h': 'huge'}
#: ViTs that mmpretrain has no name for: width, depth, heads and hidden width of the MLP -> size. MoCo v3's small ones
#: have twice the heads of DeiT's, and a block less behind a stem of convolutions.
_UNNAMED: dict[tuple[Any, ...], str] = {
    (1664, 48, 16, 6656): 'giant',
    (384, 12, 12, 1536): 'small-12-heads',
    (384, 11, 12, 1536): 'conv-small',
}
_WIDTHS = ('embed_dims', 'num_layers', 'num_heads', 'feedforward_channels')


def architecture(backbone: Mapping[str, Any]) -> Any:
    """Name a backbone: ``resnet18``, ``mobilenetv2``, ``vit-base``.

    Args:
        backbone: Its config.

    Returns:
        The name; the sizes of a network that has none, as they are; None if the config doesn't tell.
    """
    kind, arch = str(backbone.get('type', '')).rpartition('.')[2], backbone.get('arch')
    if kind.endswith(('ViT', 'ViTDet', 'VisionTransformer')):
        if isinstance(arch, Mapping):
            size = _UNNAMED.get(tuple(arch.get(key) for key in _WIDTHS))
            return f'vit-{size}' if size else arch
        if isinstance(arch, str):
            size = arch.removeprefix('deit-')
            return f'vit-{_SIZES.get(size, size)}'
    if 'depth' in backbone:
        return f'{kind.lower()}{backbone["depth"]}'
    if 'widen_factor' in backbone or kind == 'MobileNetV2':
        width = backbone.get('widen_factor', 1)
        return kind.lower() if width == 1 else f'{kind.lower()}-x{width}'
    return arch
