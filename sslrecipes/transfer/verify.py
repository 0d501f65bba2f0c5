"""The proof that a detector's or segmentor's backbone computes what the pre-trained network computes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion import about
from sslrecipes.checkpoint.networks import read_network
from sslrecipes.datasets.photo_tiles import load_photographs
from sslrecipes.errors import CheckpointError
from sslrecipes.transfer.loading import C4Network, pretrained_part
from sslrecipes.transfer.reference import ReferenceMobileNetV2, ReferenceResNet, ReferenceViT, torchvision_weights

LIMIT = 1e-5
"""Largest allowed difference of a feature. Both networks compute in float64: only a wrong one can differ so much."""
_SIZE = (224, 224)
_PHOTOGRAPH = 'astronaut'
_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


@dataclass(frozen=True)
class FeatureCheck:
    """One feature map of two networks.

    Attributes:
        name: The stage or block that makes it.
        shape: ``(1, C, H, W)``.
        difference: Largest absolute difference; infinite for another shape.
        largest: Largest absolute value that the pre-trained network gives.
    """

    name: str
    shape: tuple[int, ...]
    difference: float
    largest: float

    def __str__(self) -> str:
        return f'{self.name} {self.shape}: {self.difference:.1e} (values up to {self.largest:.3g})'


@dataclass(frozen=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        source: The checkpoint and its part.
        features: The feature maps that the backbone hands on.
    """

    source: str
    features: tuple[FeatureCheck, ...]

    @property
    def difference(self) -> float:
        """The largest difference of all maps."""
        return max(feature.difference for feature in self.features)

    def summary(self) -> str:
        """Return the report, one line for each map."""
        first = f'{self.source}: the backbone computes what the pre-trained network does; largest differences:'
        return '\n'.join([first, *(f'  {feature}' for feature in self.features)])


def verify_backbone(model: nn.Module, checkpoint: str | Path, part: str = 'student') -> VerifyReport:
    """Compare the features of a model's backbone with those of a network built from the file alone.

    Both see a photograph, in evaluation mode, on the CPU, in float64: of 224 px, for a ViT of the size that its
    position table is for. A CNN is compared at all its outputs, and a C4 detector also at the last stage in its RoI
    head; a ViT at all its outputs, without final norm; ViTDet at its last block, with all its attention global and
    without relative positions. A segmentor that dilates convolutions computes other features on purpose: its strides
    and dilations are taken over before comparing. The model isn't changed: a copy is used.

    Args:
        model: A model of mmdet, mmseg or mmpretrain whose backbone was filled from the file, before any training.
        checkpoint: As in :func:`load_backbone`.
        part: As in :func:`load_backbone`.

    Raises:
        CheckpointError: The file can't be read, is of a network without reference, or a feature differs by more than
            `LIMIT`.
        ConfigError: Unknown ``part``, or a model without backbone.
    """
    network = read_network(checkpoint, part)
    target = deepcopy(pretrained_part(model)).cpu().double()
    target.eval()  # mmpretrain's returns nothing
    with torch.no_grad(), torch.random.fork_rng(devices=[]), about(checkpoint):
        features = _compare(target, network.weights)
    report = VerifyReport(f'{network.source} ({network.part})', tuple(features))
    differing = [str(feature) for feature in report.features if not feature.difference <= LIMIT]
    if differing:
        raise CheckpointError(
            f'"{network.source}": the backbone computes other features than the pre-trained network, by '
            f'{"; ".join(differing)}: compare its strides, style, norms, heads and sizes with those of pre-training.'
        )
    return report


def probe(size: tuple[int, int] = _SIZE) -> Tensor:
    """A photograph, normalised as in pre-training: ``(1, 3, H, W)``, RGB, float32."""
    pixels = torch.from_numpy(np.ascontiguousarray(load_photographs()[_PHOTOGRAPH][..., ::-1])).permute(2, 0, 1)
    normalised = (pixels - torch.tensor(_MEAN).view(3, 1, 1)) / torch.tensor(_STD).view(3, 1, 1)
    return F.interpolate(normalised[None], size=size, mode='bilinear', antialias=True)


def _compare(target: Any, weights: Mapping[str, Tensor]) -> list[FeatureCheck]:
    if adapted_parts(weights):
        weights = bake_cls_token(weights, '')
    stem = next((stem for stem in _REFERENCES if stem in weights), None)
    if stem is None:
        raise CheckpointError('it holds no ResNet, MobileNetV2 or ViT, so there is nothing to compare with.')
    try:
        reference = _REFERENCES[stem](weights, target).double().eval()
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f'it holds a variant of a network, not known here ({error}).') from error
    _take_dilation_over(reference, target)
    is_vit = isinstance(reference, ReferenceViT)
    images = probe(_size_of_positions(target) if is_vit else _SIZE).double()
    outputs = _vit_features(target, images) if is_vit else _cnn_features(target, images)
    expected = reference(images)
    checks = [_check(name, output, expected[name]) for name, output in outputs.items() if name in expected]
    if not checks:
        raise CheckpointError(f'it holds no stage that the backbone hands on ({", ".join(outputs)}).')
    return checks


def _resnet(weights: Mapping[str, Tensor], target: Any) -> nn.Module:
    """Networks for small images, whose strides have no standard, take them from the model."""
    if weights['conv1.weight'].shape[-1] == 3:
        return ReferenceResNet(torchvision_weights(weights), _cnn(target).strides)
    return ReferenceResNet(torchvision_weights(weights))


def _mobilenet(weights: Mapping[str, Tensor], target: Any) -> nn.Module:
    return ReferenceMobileNetV2(torchvision_weights(weights))


def _vit(weights: Mapping[str, Tensor], target: Any) -> nn.Module:
    return ReferenceViT(weights, target.layers[0].attn.num_heads, target.cls_token is not None)


_REFERENCES = {
    'conv1.weight': _resnet,
    'conv1.conv.weight': _mobilenet,
    'patch_embed.projection.weight': _vit,
}
"""By a weight that each family has: what makes of its weights the network to compare with."""


def _take_dilation_over(reference: nn.Module, target: nn.Module) -> None:
    """Give the reference the strides of a network that dilates; their convolutions come in the same order."""
    own, others = ([part for part in net.modules() if isinstance(part, nn.Conv2d)] for net in (reference, target))
    if any(other.dilation != (1, 1) for other in others):
        for conv, other in zip(own, others, strict=False):
            conv.stride, conv.dilation, conv.padding = other.stride, other.dilation, other.padding


def _check(name: str, output: Tensor, expected: Tensor) -> FeatureCheck:
    alike = output.shape == expected.shape
    difference = (output - expected).abs().max().item() if alike else float('inf')
    return FeatureCheck(name, tuple(output.shape), difference, expected.abs().max().item())


def _cnn_features(target: Any, images: Tensor) -> dict[str, Tensor]:
    """The outputs of a CNN by the name of the stage; of a C4 detector also that of the shared head's stage."""
    backbone = _cnn(target)
    stages = [name for name, _ in backbone.named_children() if name.startswith('layer')]
    stages.append('conv2')  # the end of MobileNetV2
    outputs = backbone(images)
    features = dict(zip((stages[i] for i in sorted(backbone.out_indices)), outputs, strict=True))
    if isinstance(target, C4Network):
        features['layer4'] = target.get_submodule('layer4')(outputs[-1])
    return features


def _cnn(target: Any) -> Any:
    return target.backbone if isinstance(target, C4Network) else target


def _vit_features(target: Any, images: Tensor) -> dict[str, Tensor]:
    """The outputs of a ViT by the name of the block, before the final norm."""
    last = len(target.layers) - 1
    if hasattr(target, 'plain_features'):
        return {f'layers.{last}': target.plain_features(images)}
    target.final_norm, target.out_type = False, 'featmap'
    return {f'layers.{i}': feature for i, feature in zip(sorted(target.out_indices), target(images), strict=True)}


def _size_of_positions(target: Any) -> tuple[int, int]:
    side = isqrt(target.pos_embed.shape[1])
    height, width = getattr(target, 'patch_resolution', (side, side))
    patch_height, patch_width = target.patch_embed.projection.kernel_size
    return height * patch_height, width * patch_width
