"""What a file tells about the training of its network, and whether a model that takes it is used alike.

Weights don't show the number of heads, nor how pictures were normalised. A checkpoint of a run tells by its config, an
exported file by its metadata, an official file not at all, but for MoCo v3's (``meta.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from sslrecipes.checkpoint.stated_config import setting
from sslrecipes.config.picture_size import picture_size
from sslrecipes.errors import CheckpointError, ConfigError

#: What the metadata of an exported file say about the run: it stands in those of the next one too.
_CARRIED = (
    'method',
    'backbone',
    'heads',
    'mean',
    'std',
    'to_rgb',
    'picture_size',
    'cls_token',
    'epoch',
    'iter',
    'prefix',
)
#: Mean and standard deviation of R, G and B, 0 to 255, that nearly all networks were trained with.
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
_MAX_TEXT = 100_000
_MAX_SIZE = 100_000
_DEFAULT_IMAGE_SIZE = 224
_NORMS = ('LN', 'LN2d', 'BN', 'SyncBN', 'GN')


@dataclass(frozen=True)
class TrainingFacts:
    """What was stated, as values that were looked at.

    Attributes:
        backbone: Those settings of the backbone that networks are built from: ``strides``, ``dilations``, ``style``,
            ``avg_down``, ``norm_cfg``.
        heads: Number of attention heads, 0 if unknown.
        decoder_heads: That of a masked autoencoder's decoder, 0 if unknown.
        mean: Of pixels, from 0 to 255; None if unknown.
        std: Of pixels; None if unknown.
        to_rgb: Whether the channels of pictures were swapped; None if unknown.
        image_size: Side of the pictures that the position table is for, 0 if unknown.
        picture_size: Side of the pictures that were trained on, 0 if unknown.
        odd: Names of what was stated in a way that can't be meant, and is unknown therefore.
    """

    backbone: Mapping[str, Any] = field(default_factory=dict)
    heads: int = 0
    decoder_heads: int = 0
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    to_rgb: bool | None = None
    image_size: int = 0
    picture_size: int = 0
    odd: tuple[str, ...] = ()

    @classmethod
    def of(cls, stated: Mapping[str, str]) -> TrainingFacts:
        """Look at what :func:`stated_facts` returned."""
        held = {key: _parsed(stated[key]) for key in _FACTS if key in stated}
        known = {key: value for key, value in held.items() if value is not None and _FACTS[key](value)}
        settings = known.get('backbone', {})
        backbone = {
            key: settings[key] for key, is_right in _SETTINGS.items() if key in settings and is_right(settings[key])
        }
        odd = [key for key, value in held.items() if value is not None and key not in known]
        odd += [key for key in _SETTINGS if key in settings and key not in backbone]
        mean, std = (tuple(known[key]) if key in known else None for key in ('mean', 'std'))
        heads = _heads(settings.get('arch')) or known.get('heads', 0)
        sizes = {key: known.get(key, 0) for key in ('decoder_heads', 'picture_size')}
        image_size, to_rgb = _image_size(settings), known.get('to_rgb')
        return cls(backbone, heads, mean=mean, std=std, to_rgb=to_rgb, image_size=image_size, odd=tuple(odd), **sizes)

    def refuse_odd(self) -> None:
        """Refuse to build a network from what is only partly known.

        Raises:
            CheckpointError: Something in it can't be meant.
        """
        if self.odd:
            raise CheckpointError(f'what it says of its training as "{self.odd[0]}" is not supported, or damaged.')

    def check_heads(self, heads: int, width: int) -> None:
        """Look at the number of attention heads that a user states of a ViT of this width; 0 for any other network.

        Raises:
            ConfigError: It can't be right.
        """
        if heads < 1:
            raise ConfigError(f'The number of heads must be at least 1, not {heads}.')
        if self.heads not in (0, heads):
            raise ConfigError(f'The network was trained with {self.heads} heads, not {heads}.')
        if width % heads:
            raise ConfigError(f'A ViT {width} wide can not have {heads} heads: state the right number with --heads.')


def stated_facts(meta: Any) -> dict[str, str]:
    """What the ``meta`` of a checkpoint tells about its training: method, backbone, mean, std, ... as text."""
    if not isinstance(meta, Mapping):
        return {}
    facts = {**_settings(str(meta.get('cfg', ''))), **{key: meta[key] for key in _CARRIED if key in meta}}
    return {key: str(value)[:_MAX_TEXT] for key, value in facts.items() if value is not None}


def facts_of(meta: Any) -> TrainingFacts:
    """:class:`TrainingFacts` of the ``meta`` of a checkpoint."""
    return TrainingFacts.of(stated_facts(meta))


def _settings(config_text: str) -> dict[str, str | None]:
    """What a run's config says about its network, as text: method, settings of the backbone and normalisation."""
    model = _mapping(setting(config_text, 'model'))
    preprocessor = _mapping(model.get('data_preprocessor') or setting(config_text, 'data_preprocessor'))
    backbone = {key: value for key, value in _mapping(model.get('backbone')).items() if key != 'init_cfg'}
    facts = {
        'backbone': backbone or None,
        'mean': preprocessor.get('mean') or None,
        'std': preprocessor.get('std') or None,
        'to_rgb': preprocessor.get('to_rgb', preprocessor.get('bgr_to_rgb')),
        'decoder_heads': _mapping(model.get('neck')).get('decoder_num_heads'),
        'picture_size': picture_size(setting(config_text, 'train_dataloader')),
    }
    method = model.get('type')
    return {'method': method, **{key: _as_json(value) for key, value in facts.items() if value is not None}}


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):  # such as bytes
        return 'null'


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _heads(arch: Any) -> int:
    if isinstance(arch, str):
        from mmpretrain.models import VisionTransformer  # takes seconds

        arch = VisionTransformer.arch_zoo.get(arch.lower())
    heads: Any = arch.get('num_heads') if isinstance(arch, dict) else None
    return int(heads) if _is_size(heads) else 0


def _image_size(backbone: Mapping[str, Any]) -> int:
    size = backbone.get('img_size', _DEFAULT_IMAGE_SIZE if 'arch' in backbone else 0)
    size = size[0] if isinstance(size, list) and size else size
    return int(size) if _is_size(size) else 0


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_SIZE


def _is_sizes(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and 0 < len(value) <= 8 and all(map(_is_size, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and isfinite(value)


def _is_colour(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (1, 3) and all(map(_is_number, value))


def _is_norm(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get('type') in _NORMS
        and all(key == 'type' or _is_number(entry) for key, entry in value.items())
    )


_FACTS: dict[str, Callable[[Any], bool]] = {
    'backbone': _is_mapping,
    'heads': _is_size,
    'decoder_heads': _is_size,
    'picture_size': _is_size,
    'mean': _is_colour,
    'std': _is_colour,
    'to_rgb': lambda value: isinstance(value, bool),
}
_SETTINGS: dict[str, Callable[[Any], bool]] = {
    'strides': _is_sizes,
    'dilations': _is_sizes,
    'style': lambda value: value in ('pytorch', 'caffe'),
    'avg_down': lambda value: isinstance(value, bool),
    'norm_cfg': _is_norm,
}
