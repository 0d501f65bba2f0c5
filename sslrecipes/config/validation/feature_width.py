"""The width of a ResNet's features, and what the part behind it expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sslrecipes.config.places import Objection, value_at

BACKBONE = 'model.backbone'
#: Width of the last layer of a block, as a multiple of the first's, by the depth of the network.
_EXPANSIONS = {18: 1, 34: 1, 50: 4, 101: 4, 152: 4}
#: Parts that take the features, pooled or not; of a classifier, the head behind a pooling neck.
_BEHIND = ('model.neck', 'model.probe', 'model.head', 'model')


def features_have_their_width(cfg: Any) -> Iterator[Objection]:
    """Whatever stands behind a ResNet expects as many channels as its last stage gives."""
    width, stage = _width(value_at(cfg, BACKBONE) or {})
    for place in (f'{part}.in_channels' for part in _BEHIND if width):
        expected = value_at(cfg, place)
        if type(expected) is int and expected != width and _takes_features(cfg, place):
            gives = f'the backbone ends with stage {stage} of {width} channels'
            yield f'{place} is {expected}, but {gives}: set it to {width}.', (place, BACKBONE)


def _takes_features(cfg: Any, place: str) -> bool:
    """Whether a part's input is the last output of the backbone alone: a head stands behind a neck that has a width."""
    behind_neck = place.startswith('model.head') and value_at(cfg, 'model.neck.in_channels') is not None
    return not behind_neck and value_at(cfg, 'model.outputs') != 'all'


def _width(backbone: Any) -> tuple[int | None, int]:
    """Channels of a ResNet's last output, and the number of that stage; None where that can't be told."""
    plain = value_at(backbone, 'type') == 'ResNet' and value_at(backbone, 'expansion') is None
    depth, base = value_at(backbone, 'depth'), value_at(backbone, 'base_channels', 64)
    stages, outputs = value_at(backbone, 'num_stages', 4), value_at(backbone, 'out_indices')
    if not plain or {type(depth), type(base), type(stages)} != {int}:
        return None, 0
    outputs = outputs or (stages - 1,)
    if depth not in _EXPANSIONS or not isinstance(outputs, (list, tuple)) or {*map(type, outputs)} != {int}:
        return None, 0
    return base * 2 ** max(outputs) * _EXPANSIONS[depth], max(outputs) + 1
