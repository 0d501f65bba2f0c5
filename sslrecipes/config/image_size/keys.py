"""The two keys, and which recipes they are for."""

from __future__ import annotations

from typing import Any

from sslrecipes.config.places import value_at

SIZE, LOCAL = 'image_size', 'local_image_size'
KEYS = (SIZE, LOCAL)
#: Models that are there to be evaluated; what else the name of a classifier ends with.
_EVALUATED, _CLASSIFIER = ('FeatureModel', 'LinearProbe'), 'Classifier'
#: Packages of detectors and segmentors.
_DENSE = ('mmdet', 'mmseg')


def side_of(cfg: Any, key: str) -> int | None:
    """What ``key`` says; None if nothing, or what no side can be, which the check of the config refuses."""
    side = cfg.get(key)
    return side if type(side) is int and side > 0 else None


def kind_of(part: Any) -> str:
    """Name of the class that a dict configures, without its scope; '' if it configures none."""
    return str(value_at(part, 'type', '')).rpartition('.')[2]


def is_dense(cfg: Any) -> bool:
    """Whether a recipe trains a detector or segmentor, whose pipelines state several sizes."""
    return cfg.get('transfer') is not None or cfg.get('default_scope') in _DENSE


def is_evaluation(cfg: Any) -> bool:
    """Whether a recipe trains or judges a classifier: training and evaluation have pictures of one size then."""
    kind = kind_of(cfg.get('model'))
    return kind in _EVALUATED or kind.endswith(_CLASSIFIER)
