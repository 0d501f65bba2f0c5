"""Backbones built from a file alone, of torchvision's blocks, to compare others with.

Depth and width are read from the shapes, strides follow the papers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import isqrt

import torch
from torch import Tensor, nn
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.models.vision_transformer import EncoderBlock
from torchvision.ops import Conv2dNormActivation

from sslrecipes.checkpoint.conversion.keymaps.torchvision import TORCHVISION
from sslrecipes.models.layers.position_interpolation import interpolate_positions

_STAGES = ('layer1', 'layer2', 'layer3', 'layer4')
_STRIDES = (1, 2, 2, 2)
_MOBILENET_STAGES = ((1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1))
"""Blocks and stride of each stage, table 2 of `MobileNetV2 <https://arxiv.org/abs/1801.04381>`_."""


_VIT_NAMES = (
    ('patch_embed.projection.', 'patches.'),
    ('.ln1.', '.ln_1.'),
    ('.ln2.', '.ln_2.'),
    ('.attn.qkv.', '.self_attention.in_proj_'),
    ('.attn.proj.', '.self_attention.out_proj.'),
    ('.ffn.layers.0.0.', '.mlp.0.'),
    ('.ffn.layers.1.', '.mlp.3.'),
)
"""Our parts of a ViT, and torchvision's."""


class ReferenceResNet(nn.Module):
    """ResNet of torchvision's blocks, with as many stages as the weights have.

    Args:
        weights: Under torchvision's names.
        strides: Of the stages.

    A first convolution of 3x3 is that of small images, without stride and pooling.
    """

    def __init__(self, weights: Mapping[str, Tensor], strides: Sequence[int] = _STRIDES) -> None:
        super().__init__()
        width, _, size, _ = weights['conv1.weight'].shape
        small = size == 3
        self.conv1 = nn.Conv2d(3, width, size, stride=1 if small else 2, padding=size // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, stride=2, padding=1)
        stages = [stage for stage in _STAGES if f'{stage}.0.conv1.weight' in weights]
        for stage, stride in zip(stages, strides, strict=False):
            self.add_module(stage, _resnet_stage(weights, stage, stride))
        self.load_state_dict(dict(weights))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return what each stage makes of images ``(B, 3, H, W)``, by the stage's name."""
        x = self.pool(self.bn1(self.conv1(images)).relu())
        return _outputs(x, {name: stage for name, stage in self.named_children() if name in _STAGES})


def _resnet_stage(weights: Mapping[str, Tensor], stage: str, stride: int) -> nn.Sequential:
    depth = sum(name.startswith(f'{stage}.') and name.endswith('.conv1.weight') for name in weights)
    return nn.Sequential(*(_resnet_block(weights, f'{stage}.{i}', 1 if i else stride) for i in range(depth)))


def _resnet_block(weights: Mapping[str, Tensor], name: str, stride: int) -> nn.Module:
    width, in_channels = weights[f'{name}.conv1.weight'].shape[:2]
    block = Bottleneck if f'{name}.conv3.weight' in weights else BasicBlock
    downsample = None
    if f'{name}.downsample.0.weight' in weights:
        out_channels = width * block.expansion
        convolution = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)
        downsample = nn.Sequential(convolution, nn.BatchNorm2d(out_channels))
    return block(in_channels, width, stride, downsample)


class ReferenceMobileNetV2(nn.Module):
    """MobileNetV2 of torchvision's blocks.

    Args:
        weights: Under torchvision's names (``features.0.0.weight`` ...).
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        strides = [stride if i == 0 else 1 for depth, stride in _MOBILENET_STAGES for i in range(depth)]
        blocks = [_mobilenet_block(weights, f'features.{i}.conv', stride) for i, stride in enumerate(strides, 1)]
        last = len(blocks) + 1
        options = dict(norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU6)
        stem = Conv2dNormActivation(3, len(weights['features.0.0.weight']), stride=2, **options)
        out_channels, in_channels = weights[f'features.{last}.0.weight'].shape[:2]
        end = Conv2dNormActivation(in_channels, out_channels, kernel_size=1, **options)
        self.features = nn.Sequential(stem, *blocks, end)
        self.load_state_dict(dict(weights))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return what the stages ``layer1`` to ``layer7`` and ``conv2`` make of images ``(B, 3, H, W)``."""
        parts: dict[str, nn.Module] = {}
        start = 1
        for i, (depth, _) in enumerate(_MOBILENET_STAGES, 1):
            parts[f'layer{i}'] = self.features[start : start + depth]
            start += depth
        return _outputs(self.features[0](images), {**parts, 'conv2': self.features[-1]})


def _mobilenet_block(weights: Mapping[str, Tensor], name: str, stride: int) -> nn.Module:
    expands = f'{name}.3.weight' in weights
    out_channels, hidden = weights[f'{name}.{2 if expands else 1}.weight'].shape[:2]
    in_channels = weights[f'{name}.0.0.weight'].shape[1] if expands else hidden
    return InvertedResidual(in_channels, out_channels, stride, hidden / in_channels)


class ReferenceViT(nn.Module):
    """A plain ViT of torchvision's blocks, for images of any size.

    Args:
        weights: Under our names.
        num_heads: What shapes don't tell.
        with_cls_token: Whether the class token is attended to.
    """

    positions: Tensor
    token: Tensor | None

    def __init__(self, weights: Mapping[str, Tensor], num_heads: int, with_cls_token: bool) -> None:
        super().__init__()
        renamed = {_torchvision_name(name): value for name, value in weights.items()}
        width, _, patch_size, _ = renamed['patches.weight'].shape
        depth, hidden = sum(name.endswith('.ln_1.weight') for name in renamed), len(renamed['layers.0.mlp.0.weight'])
        norm = partial(nn.LayerNorm, eps=1e-6)
        self.patches = nn.Conv2d(3, width, patch_size, stride=patch_size)
        self.layers = nn.ModuleList(EncoderBlock(num_heads, width, hidden, 0.0, 0.0, norm) for _ in range(depth))
        no_bias = {f'layers.{i}.self_attention.in_proj_bias': torch.zeros(3 * width) for i in range(depth)}
        extras = ('ln1.', 'ln2.', 'cls_token', 'pos_embed', 'mask_token', 'head.')
        self.load_state_dict({**no_bias, **{k: value for k, value in renamed.items() if not k.startswith(extras)}})
        positions = weights['pos_embed']
        extra = positions.shape[1] - isqrt(positions.shape[1]) ** 2
        self.register_buffer('positions', positions[:, extra:])
        self.register_buffer('token', weights['cls_token'] + positions[:, :extra] if with_cls_token else None)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the maps ``(B, C, h, w)`` that the blocks make of images, as ``layers.0`` ..., before any norm."""
        patches = self.patches(images)
        height, width = patches.shape[2:]
        side = isqrt(self.positions.shape[1])
        positions = interpolate_positions(self.positions, (side, side), (height, width), extra_tokens=0)
        x = patches.flatten(2).transpose(1, 2) + positions
        x = x if self.token is None else torch.cat([self.token, x], dim=1)
        outputs = _outputs(x, {f'layers.{i}': layer for i, layer in enumerate(self.layers)})
        kept = {name: tokens[:, -height * width :].transpose(1, 2) for name, tokens in outputs.items()}
        return {name: tokens.unflatten(2, (height, width)) for name, tokens in kept.items()}


def _torchvision_name(name: str) -> str:
    for ours, theirs in _VIT_NAMES:
        name = name.replace(ours, theirs)
    return name


def torchvision_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of a ResNet or MobileNetV2 under our bare names as torchvision does, without classifier."""
    kept = {f'backbone.{name}': value for name, value in weights.items() if not name.startswith(('fc.', 'head.'))}
    return TORCHVISION.to_official(kept)


def _outputs(x: Tensor, stages: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    outputs = {}
    for name, stage in stages.items():
        outputs[name] = x = stage(x)
    return outputs
