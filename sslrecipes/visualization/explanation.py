"""Pictures of where a ViT looks, and what they depend on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sslrecipes.visualization.attention_maps import vit_features
from sslrecipes.visualization.overlay import overlay
from sslrecipes.visualization.rollout import RolloutOptions, attention_rollout, gradient_rollout, reads_class_token


@dataclass(frozen=True)
class Explanation:
    """Pictures of one kind, one for each image.

    Attributes:
        name: What they show.
        file_name: What each is called in the folder of its image.
        pictures: uint8 RGB ``(B, 3, H, W)``.
    """

    name: str
    file_name: str
    pictures: Tensor


def explain(
    model: nn.Module, pictures: Tensor, options: RolloutOptions, category: int | None = None
) -> list[Explanation]:
    """Draw the images, their rollout over them and, if there is a class, their gradient rollout over them.

    They go through the network one by one, so that memory doesn't depend on their number.

    Args:
        model: A model with a ViT as its backbone; a classifier if there is a ``category``.
        pictures: As the data pipelines deliver them: uint8 BGR ``(B, 3, H, W)``.
        options: How the rollout is done.
        category: Index of a class.

    Raises:
        ConfigError: See :func:`attention_rollout` and :func:`gradient_rollout`.
        DataError: If the images don't consist of whole patches.
    """
    preprocessor: Any = model.data_preprocessor
    inputs = [preprocessor({'inputs': picture[None], 'data_samples': None})['inputs'] for picture in pictures]
    shown = pictures.flip(1)

    def heated(name: str, kind: str, masks: Iterable[Tensor]) -> Explanation:
        drawn = torch.stack([overlay(picture, mask[0]) for picture, mask in zip(shown, masks, strict=True)])
        return Explanation(name, file_name(kind, options), drawn)

    plain = (attention_rollout(model, image, options) for image in inputs)
    kinds = [Explanation('input', 'input.png', shown), heated('attention rollout', 'attention_rollout', plain)]
    if category is not None:
        weighted = (gradient_rollout(model, image, category, options) for image in inputs)
        kinds.append(heated('gradient rollout', f'grad_rollout_{category}', weighted))
    return kinds


def file_name(kind: str, options: RolloutOptions) -> str:
    """Name of a picture, as of MAE-priv's tool; ``_official`` marks what it would have drawn."""
    layer = '' if options.layer is None else f'_layer{options.layer}'
    official = '_official' if options.official else ''
    return f'{kind}_{options.discard_ratio:.3f}_{options.fusion}{layer}{official}.png'


def rollout_facts(model: nn.Module, options: RolloutOptions) -> dict[str, str]:
    """What the pictures depend on besides image and weights, as name and value."""
    features = vit_features(model)
    return {
        'network': f'{type(features.backbone).__name__} in {type(model).__name__}',
        'read out': 'class token' if reads_class_token(features) else 'mean of the patches',
        'blocks': 'all' if options.layer is None else f'{options.layer} alone',
        'head fusion': options.fusion,
        'discarded': f'smallest {options.discard_ratio:.1%} of each map',
        'arithmetic': 'that of the official code' if options.official else 'rows sum to 1',
        'normalisation': _normalisation(model.data_preprocessor),
    }


def _normalisation(preprocessor: Any) -> str:
    """Mean and deviation of a data preprocessor, in the colour range 0 to 255."""
    if not preprocessor._enable_normalize:
        return 'none'
    mean, std = (
        [round(value, 3) for value in values.flatten().tolist()] for values in (preprocessor.mean, preprocessor.std)
    )
    return f'mean {mean}, deviation {std}, as in training'
