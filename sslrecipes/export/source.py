"""What is exported: the weights of a backbone, the network they belong to, and its features of the photographs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from mmpretrain.models import MobileNetV2, ResNet, ResNet_CIFAR, VisionTransformer
from torch import Tensor, nn

from sslrecipes.checkpoint.backbone_arch import (
    HEAD_CHANNELS,
    BackboneArch,
    MobileNetV2Arch,
    ResNetArch,
    ViTArch,
    backbone_arch,
)
from sslrecipes.checkpoint.stated import IMAGENET_MEAN, IMAGENET_STD, TrainingFacts
from sslrecipes.errors import CheckpointError, ConfigError
from sslrecipes.export.backbone import Backbone
from sslrecipes.export.check import fill, outputs_of
from sslrecipes.export.probe import probe_images

_MAX_SIDE = 2048
_SIXTEEN_HEADS = (1280, 1664)
"""Widths of ViT-H and ViT-G, whose heads have more channels than others'."""
_SIZES = {7: 224, 3: 64}
"""Side of the photographs for a ResNet whose first convolution has this kernel."""
_RESNET_SETTINGS = ('strides', 'dilations', 'style', 'avg_down')


@dataclass(frozen=True)
class Source:
    """A bare backbone with all that is known about its network.

    Attributes:
        weights: Tensors under our names, without a prefix.
        metadata: Where they come from.
        arch: Architecture, told from their shapes.
        heads: Number of attention heads of a ViT, 0 for other networks.
        facts: What the file says about its training; nothing for official files.
    """

    weights: dict[str, Tensor]
    metadata: dict[str, str]
    arch: BackboneArch
    heads: int
    facts: TrainingFacts

    @classmethod
    def of(cls, backbone: Backbone, heads: int | None = None) -> Source:
        """Look at a backbone; ``heads`` as stated by the user.

        Raises:
            CheckpointError: The weights are of no known architecture, or those of a detector's own variant of one.
            ConfigError: The number of heads can't be right, or can't be known.
        """
        arch = backbone_arch(backbone.weights)
        _check_plain(arch)
        facts = TrainingFacts.of(backbone.metadata)
        facts.refuse_odd()
        if heads is not None:
            facts.check_heads(heads, arch.width if isinstance(arch, ViTArch) else 0)
        heads = _number_of_heads(arch, facts.heads or heads) if isinstance(arch, ViTArch) else 0
        metadata = {**backbone.metadata, 'architecture': str(arch), **({'heads': str(heads)} if heads else {})}
        return cls(backbone.weights, metadata, arch, heads, facts)

    @property
    def prefixed(self) -> dict[str, Tensor]:
        """The weights with ``backbone.``, as key maps want them."""
        return {f'backbone.{name}': value for name, value in self.weights.items()}

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of R, G and B that images are normalised with, 0 to 255."""
        return _colour(self.facts.mean) or IMAGENET_MEAN

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of R, G and B that images are normalised with."""
        return _colour(self.facts.std) or IMAGENET_STD

    @property
    def image_size(self) -> int:
        """Side of the probe images in pixels."""
        if isinstance(self.arch, ViTArch):
            return self.arch.image_size
        return _SIZES[self.arch.stem_kernel] if isinstance(self.arch, ResNetArch) else 224

    @cached_property
    def images(self) -> Tensor:
        """Two photographs ``(2, 3, image_size, image_size)``, normalised RGB."""
        return probe_images(self.image_size, self.mean, self.std)

    def features(self, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
        """What our own network makes of the probe.

        Returns:
            ``'tokens'`` or, with a norm of the mean token, ``'pooled'`` for a ViT, ``'layer1'`` to ``'layer4'`` for a
            ResNet, ``'conv2'`` for a MobileNetV2.
        """
        places = {name: name for name in ('layer1', 'layer2', 'layer3', 'layer4')}
        if isinstance(self.arch, MobileNetV2Arch):
            places = {'conv2': 'conv2'}
        elif isinstance(self.arch, ViTArch):
            places = {'pooled' if self.arch.pooled_norm else 'tokens': ''}
        return outputs_of(self.build().to(dtype), places, self.images.to(dtype))

    def build(self, **options: Any) -> nn.Module:
        """Build our own network with these weights; ``options`` replace arguments of its class.

        Raises:
            CheckpointError: The weights don't fill it.
        """
        return fill(_network(self.arch, self.heads, self.facts.backbone, options), self.weights)


def _check_plain(arch: BackboneArch) -> None:
    if isinstance(arch, ViTArch) and arch.image_size > _MAX_SIDE:
        raise CheckpointError(f'it is for pictures of {arch.image_size:,} px, on which networks can not be compared.')
    if isinstance(arch, ResNetArch) and not arch.whole:
        raise CheckpointError(
            f'it holds a {arch} (which a C4 detector has in its RoI head, a network without conv5 nowhere), but the '
            'networks of other programs have all four stages. To put it into one of your own, write its weights by '
            'tools/convert_checkpoint.py --to torchvision, which keeps their names.'
        )
    if isinstance(arch, ViTArch) and arch.spare_row:
        raise CheckpointError(
            f'it holds a {arch}, fitted to windows and without class token by ViTDet: export the pre-trained network.'
        )


def _network(arch: BackboneArch, heads: int, settings: Mapping[str, Any], options: dict[str, Any]) -> nn.Module:
    if isinstance(arch, MobileNetV2Arch):
        return MobileNetV2(widen_factor=arch.widen_factor)
    if isinstance(arch, ResNetArch):
        stated = {key: settings[key] for key in _RESNET_SETTINGS if key in settings}
        kind = ResNet if arch.stem_kernel == max(_SIZES) else ResNet_CIFAR
        return kind(arch.depth, stem_channels=arch.stem_channels, base_channels=arch.base_channels, **stated)
    sizes = dict(embed_dims=arch.width, num_layers=arch.depth, num_heads=heads, feedforward_channels=arch.hidden)
    arguments = dict(
        img_size=arch.image_size,
        patch_size=arch.patch_size,
        qkv_bias=arch.qkv_bias,
        final_norm=arch.final_norm,
        out_type='avg_featmap' if arch.pooled_norm else 'raw',
        with_cls_token=arch.cls_token,
        **({'norm_cfg': settings['norm_cfg']} if 'norm_cfg' in settings else {}),
    )
    return VisionTransformer(sizes, **{**arguments, **options})


def _colour(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Three values, also of one that was meant for all channels."""
    return values * 3 if values and len(values) == 1 else values


def usual_heads(width: int) -> int:
    """The number of heads that a ViT of this width usually has: one for 64 channels, but 16 in ViT-H and ViT-G."""
    return 16 if width in _SIXTEEN_HEADS else width // HEAD_CHANNELS


def _number_of_heads(arch: ViTArch, stated: int | None) -> int:
    heads = stated or usual_heads(arch.width)
    if heads < 1 or arch.width % heads:
        raise ConfigError(f'A ViT {arch.width} wide can not have {heads} heads: state the right number with --heads.')
    return heads
