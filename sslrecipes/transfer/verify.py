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
from sslrecipes.checkpoint.conversion.convert import about
from sslrecipes.checkpoint.networks import Network, read_network
from sslrecipes.checkpoint.stated import IMAGENET_MEAN, IMAGENET_STD, TrainingFacts
from sslrecipes.checkpoint.used_alike import check_heads
from sslrecipes.datasets.photo_tiles import load_photographs
from sslrecipes.errors import CheckpointError
from sslrecipes.transfer.loading import C4Network, pretrained_part
from sslrecipes.transfer.patch_resizing import resize_kernels
from sslrecipes.transfer.reference import ReferenceMobileNetV2, ReferenceResNet, ReferenceViT, torchvision_weights

LIMIT = 1e-5
"""Largest allowed difference of a feature. Both networks compute in float64: only a wrong one can differ so much."""
_SIZE = (224, 224)
_PHOTOGRAPH = 'astronaut'


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


def verify_backbone(model: nn.Module, checkpoint: str | Path | Network, part: str = 'student') -> VerifyReport:
    """Compare the features of a model's backbone with those of a network built from the file alone.

    Both see a photograph, in evaluation mode, on the CPU, in float64: of 224 px, for a ViT of the size that its
    position table is for. A CNN is compared at all its outputs, and a C4 detector also at the last stage in its RoI
    head; a ViT at all its outputs, without final norm; ViTDet at its last block, with all its attention global and
    without relative positions. A segmentor that dilates convolutions computes other features on purpose: its dilations
    are taken over before comparing, and strides that it leaves out; so is the size of patches that loading resized.
    Normalisation and heads are compared with what the file says of its pre-training; a file that says nothing was
    trained on RGB with ImageNet's mean and deviation. The model isn't changed: a copy is used.

    Args:
        model: A model of mmdet, mmseg or mmpretrain whose backbone was filled from the file, before any training.
        checkpoint: As in :func:`sslrecipes.transfer.loading.load_backbone`.
        part: As there.

    Raises:
        CheckpointError: The file can't be read, is of a network without reference, or a feature differs by more than
            `LIMIT`; or the file was trained with another normalisation or number of heads.
        ConfigError: Unknown ``part``, or a model without backbone.
    """
    network = checkpoint if isinstance(checkpoint, Network) else read_network(checkpoint, part)
    target = deepcopy(pretrained_part(model)).cpu().double()
    target.eval()  # mmpretrain's returns nothing
    with torch.no_grad(), torch.random.fork_rng(devices=[]), about(network.source):
        check_normalisation(model, network.facts)
        check_heads(target, network.facts, network.source)
        features = _compare(target, resize_kernels(target, network.weights, network.source))
    report = VerifyReport(f'{network.source} ({network.part})', tuple(features))
    differing = [str(feature) for feature in report.features if not feature.difference <= LIMIT]
    if differing:
        raise CheckpointError(
            f'"{network.source}": the backbone computes other features than the pre-trained network, by '
            f'{"; ".join(differing)}: compare its strides, style, norms, heads and sizes with those of pre-training.'
        )
    return report


def check_normalisation(model: nn.Module, facts: TrainingFacts) -> None:
    """Compare how a model normalises pictures with how the pre-training did.

    Raises:
        CheckpointError: If they differ.
    """
    preprocessor = getattr(model, 'data_preprocessor', None)
    mean, std = (getattr(preprocessor, name, None) for name in ('mean', 'std'))
    if mean is None or std is None:
        return
    trained = [list(facts.mean or IMAGENET_MEAN), list(facts.std or IMAGENET_STD)]
    now = [[round(value, 3) for value in tensor.flatten().tolist()] for tensor in (mean, std)]
    if any(not np.allclose(ours, others, atol=0.01) for ours, others in zip(now, trained, strict=True)):
        raise CheckpointError(f'it was trained on pictures with mean and deviation {trained}, the model takes {now}.')
    if not getattr(preprocessor, '_channel_conversion', getattr(preprocessor, 'channel_conversion', True)):
        raise CheckpointError('it was trained on RGB, the model takes BGR: set data_preprocessor.bgr_to_rgb=True.')


def probe(size: tuple[int, int] = _SIZE) -> Tensor:
    """A photograph, normalised as in pre-training: ``(1, 3, H, W)``, RGB, float32."""
    pixels = torch.from_numpy(np.ascontiguousarray(load_photographs()[_PHOTOGRAPH][..., ::-1])).permute(2, 0, 1)
    normalised = (pixels - torch.tensor(IMAGENET_MEAN).view(3, 1, 1)) / torch.tensor(IMAGENET_STD).view(3, 1, 1)
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
    """Give the reference the dilations of a network, and stages without stride where it has them.

    Their convolutions come in the same order. Where a stage has its stride is the pre-trained network's.
    """
    own = [part for part in reference.modules() if isinstance(part, nn.Conv2d)]
    others = [(name.split('.')[0], part) for name, part in target.named_modules() if isinstance(part, nn.Conv2d)]
    if all(other.dilation == (1, 1) for _, other in others):
        return
    strided = {stage for stage, other in others if other.stride != (1, 1)}
    for conv, (stage, other) in zip(own, others, strict=False):
        conv.dilation, conv.padding = other.dilation, other.padding
        if stage not in strided:
            conv.stride = (1, 1)


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
