"""What network a bare backbone's weights belong to, told from their names and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

from torch import Tensor

from sslrecipes.errors import CheckpointError

HEAD_CHANNELS = 64
"""Channels of an attention head in most ViTs."""
_MOBILENET_STAGES = (16, 24, 32, 64, 96, 160, 320)
MOBILENET_BLOCKS = (1, 2, 3, 4, 3, 3, 1)
"""Number of blocks in the stages of a MobileNetV2."""
_MOBILENET_WIDTHS = (1.0, 0.75, 0.5, 0.35, 0.25, 0.1, 1.3, 1.4)
_STAGES = 4
_RESNETS: dict[tuple[bool, tuple[int, ...]], int] = {
    (False, (2, 2, 2, 2)): 18,
    (False, (3, 4, 6, 3)): 34,
    (True, (3, 4, 6, 3)): 50,
    (True, (3, 4, 23, 3)): 101,
    (True, (3, 8, 36, 3)): 152,
}


@dataclass(frozen=True)
class ViTArch:
    """A plain ViT. The number of heads leaves no trace in the shapes.

    Attributes:
        depth: Number of blocks.
        width: Channels of a token.
        hidden: Channels inside the feed-forward layers.
        patch_size: Side of a patch in pixels.
        image_size: Side of the square image that the position embedding is for, in pixels.
        cls_token: Whether there is a class token.
        final_norm: Whether there is a norm of all tokens after the last block (``ln1``).
        pooled_norm: Whether there is a norm of the mean patch token (``ln2``; fine-tuned MAE and TEC).
        qkv_bias: Whether the qkv projections have a bias.
        spare_row: Whether the position embedding has a row for a class token that isn't there (ViTDet).
    """

    depth: int
    width: int
    hidden: int
    patch_size: int
    image_size: int
    cls_token: bool
    final_norm: bool
    pooled_norm: bool
    qkv_bias: bool
    spare_row: bool = False

    def __str__(self) -> str:
        return f'ViT of {self.depth} blocks, {self.width} wide, patches of {self.patch_size} of {self.image_size} px'


@dataclass(frozen=True)
class ResNetArch:
    """A ResNet.

    Attributes:
        depth: 18, 34, 50, 101 or 152.
        bottleneck: Whether its blocks have three convolutions.
        blocks: Number of blocks in each stage: of all four, or of the three that a C4 detector has in its backbone.
        stem_channels: Channels after the first convolution.
        base_channels: Channels inside the first stage.
        stem_kernel: Side of the first convolution: 7, or 3 for small pictures (``ResNet_CIFAR``).
    """

    depth: int
    bottleneck: bool
    blocks: tuple[int, ...]
    stem_channels: int
    base_channels: int
    stem_kernel: int

    def __str__(self) -> str:
        trunk = '' if self.whole else ' without its last stage'
        stem = f'a stem of {self.stem_channels} channels and kernel {self.stem_kernel}'
        return f'ResNet{self.depth}{trunk}, {self.base_channels} wide, with {stem}'

    @property
    def whole(self) -> bool:
        """Whether it has all its stages."""
        return len(self.blocks) == _STAGES


@dataclass(frozen=True)
class MobileNetV2Arch:
    """A MobileNetV2.

    Attributes:
        widen_factor: What its channels are multiplied by.
    """

    widen_factor: float

    def __str__(self) -> str:
        return f'MobileNetV2 x{self.widen_factor:g}'


BackboneArch = ViTArch | ResNetArch | MobileNetV2Arch


def backbone_arch(state: Mapping[str, Tensor]) -> BackboneArch:
    """Tell the architecture of a whole bare backbone under our names (``layers.0.ln1.weight``, ``conv1.weight``).

    Raises:
        CheckpointError: It is none of ViT, ResNet and MobileNetV2, or only a part or a variant of one.
    """
    try:
        if 'patch_embed.projection.weight' in state:
            return _vit(state)
        if 'conv1.conv.weight' in state:
            return _mobilenet_v2(state)
        if 'conv1.weight' in state:
            return _resnet(state)
    except KeyError as error:
        raise CheckpointError(f'the backbone lacks the weight {error}.') from error
    if 'patch_embed.projection.0.weight' in state:
        raise CheckpointError('it holds a ViT with a stem of convolutions, which other programs have not.')
    raise CheckpointError(f'the backbone is no ViT, ResNet or MobileNetV2 (it has {", ".join([*state][:4])}).')


def _vit(state: Mapping[str, Tensor]) -> ViTArch:
    width, _, patch_size, _ = state['patch_embed.projection.weight'].shape
    rows = state['pos_embed'].shape[1]
    extra = 1 if 'cls_token' in state else min(1, rows - isqrt(rows) ** 2)
    patches = rows - extra
    if isqrt(patches) ** 2 != patches:
        raise CheckpointError(f'the position embedding is for {patches} patches, which are no square.')
    if scales := [name for name in state if name.endswith(('.gamma1.weight', '.gamma2.weight'))]:
        raise CheckpointError(f'ViTs with layer scale ({scales[0]}) are not supported.')
    depth = block_count(state, r'layers\.(\d+)\.')
    if not depth:
        raise CheckpointError('the blocks are not numbered from 0 on without a gap.')
    return ViTArch(
        depth=depth,
        width=width,
        hidden=len(state['layers.0.ffn.layers.0.0.weight']),
        patch_size=patch_size,
        image_size=isqrt(patches) * patch_size,
        cls_token='cls_token' in state,
        spare_row=bool(extra) and 'cls_token' not in state,
        final_norm='ln1.weight' in state,
        pooled_norm='ln2.weight' in state,
        qkv_bias='layers.0.attn.qkv.bias' in state,
    )


def _resnet(state: Mapping[str, Tensor]) -> ResNetArch:
    stages = _STAGES if any(name.startswith(f'layer{_STAGES}.') for name in state) else _STAGES - 1
    blocks = tuple(block_count(state, rf'layer{stage}\.(\d+)\.') for stage in range(1, stages + 1))
    bottleneck = 'layer1.0.conv3.weight' in state
    depths = {(kind, whole[:stages]): depth for (kind, whole), depth in _RESNETS.items()}
    if (bottleneck, blocks) not in depths:
        kind = 'bottleneck' if bottleneck else 'basic'
        raise CheckpointError(f'there is no ResNet with {blocks} {kind} blocks in its stages.')
    stem = state['conv1.weight']
    return ResNetArch(
        depth=depths[bottleneck, blocks],
        bottleneck=bottleneck,
        blocks=blocks,
        stem_channels=len(stem),
        base_channels=len(state['layer1.0.conv1.weight']),
        stem_kernel=stem.shape[-1],
    )


def _mobilenet_v2(state: Mapping[str, Tensor]) -> MobileNetV2Arch:
    blocks = tuple(block_count(state, rf'layer{stage}\.(\d+)\.') for stage in range(1, 8))
    if blocks != MOBILENET_BLOCKS:
        raise CheckpointError(f'a MobileNetV2 has {MOBILENET_BLOCKS} blocks in its stages, not {blocks}.')
    last = [f'layer{stage}.0.conv.{1 if stage == 1 else 2}.conv.weight' for stage in range(1, 8)]
    channels = [len(state[name]) for name in ('conv1.conv.weight', *last)]
    for factor in _MOBILENET_WIDTHS:
        if channels == [_divisible(width * factor) for width in (32, *_MOBILENET_STAGES)]:
            return MobileNetV2Arch(factor)
    raise CheckpointError(f'there is no MobileNetV2 with {channels} channels after its stem and stages.')


def block_count(state: Mapping[str, Tensor], pattern: str) -> int:
    """How many numbers from 0 on, without a gap, the names have in the group of ``pattern``; 0 if there is a gap."""
    found = {int(match[1]) for name in state if (match := re.match(pattern, name))}
    return len(found) if found == set(range(len(found))) else 0


def _divisible(channels: float) -> int:
    """The multiple of 8 next to ``channels``, at least 8 and not below 90 % of it."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8
