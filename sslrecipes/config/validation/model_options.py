"""Options of a model that are possible each, but not together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sslrecipes.config.places import Objection, value_at, walk

_RESNETS = ('ResNet', 'ResNeXt', 'SEResNet', 'SEResNeXt', 'ResNetV1c', 'ResNetV1d')
#: What these say for each of their stages, and by default for four of them.
_PER_STAGE = ('strides', 'dilations')
_STAGES, _STRIDES = 4, (1, 2, 2, 2)
#: Constructors of optimizers that don't ask a model for the factors of its learning rates.
_UNASKING = (None, 'DefaultOptimWrapperConstructor')


def stages_are_as_many(cfg: Any) -> Iterator[Objection]:
    """A ResNet says its strides and dilations for each of its stages, and gives what some of these give."""
    for place, part in walk(cfg.get('model'), 'model'):
        stages = value_at(part, 'num_stages', _STAGES)
        if _kind(part) not in _RESNETS or type(stages) is not int or not 1 <= stages <= _STAGES:
            continue
        odd = [key for key in _PER_STAGE if _length(part.get(key, _STRIDES)) not in (None, stages)]
        outputs = part.get('out_indices', (_STAGES - 1,))
        if _length(outputs) and all(type(index) is int for index in outputs) and max(outputs) >= stages:
            odd.append('out_indices')
        if odd:
            fitting = dict(strides=_STRIDES[:stages], dilations=(1,) * stages, out_indices=(stages - 1,))
            wanted = ', '.join(f'{key}={fitting[key]}' for key in odd)
            about = tuple(f'{place}.{key}' for key in ('num_stages', *odd))
            yield f'{place}: num_stages={stages} does not fit its {" and ".join(odd)}: set {wanted}.', about


def mixing_knows_the_classes(cfg: Any) -> Iterator[Objection]:
    """Labels of several images are mixed as shares of all classes, of which somebody says how many there are."""
    place, known = 'model.train_cfg.augments', 'data_preprocessor.num_classes'
    said = [value_at(cfg, known), value_at(cfg, f'model.{known}')]
    if value_at(cfg, place) and value_at(cfg, 'train_dataloader') is not None and not any(said):
        classes = value_at(cfg, 'model.head.num_classes', 'CLASSES')
        yield f'{place} mix labels, for which model.{known} is missing: set it to {classes}.', (place,)


def rates_reach_their_heads(cfg: Any) -> Iterator[Objection]:
    """Each head of a probe is trained by its own learning rate, which only our constructor asks for."""
    place, constructor = 'model.lr_scales', 'optim_wrapper.constructor'
    scales, kind = value_at(cfg, place), str(value_at(cfg, constructor) or '').rpartition('.')[2] or None
    several = _kind(cfg.get('model')) == 'LinearProbe' and (_length(scales) or 0) > 1
    if several and cfg.get('optim_wrapper') is not None and kind in _UNASKING:
        said = f'{place} would have no effect, all heads would learn at one rate'
        yield f'{said}: set {constructor}="ParamGroupsConstructor".', (place, constructor)


MODEL_COMBINATIONS: tuple[Callable[[Any], Iterator[Objection]], ...] = (
    stages_are_as_many,
    mixing_knows_the_classes,
    rates_reach_their_heads,
)


def _kind(part: Any) -> str:
    return str(value_at(part, 'type', '')).rpartition('.')[2] if isinstance(part, Mapping) else ''


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, (list, tuple)) else None
