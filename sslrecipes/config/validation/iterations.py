"""Schedules of mmengine, which count iterations or epochs, beside a training that counts one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sslrecipes.config.places import Objection, value_at
from sslrecipes.config.schedules import Schedule, schedules


def schedules_end_with_training(cfg: Any) -> Iterator[Objection]:
    """Milestones lie before the end of training, no schedule ends after it, and both count the same."""
    for place, schedule in schedules(cfg):
        by_epoch = schedule.get('by_epoch', True)
        iterations = value_at(cfg, 'train_cfg.max_iters')
        if by_epoch and iterations and any(_positions(schedule, option) for option in ('milestones', 'end')):
            places = (f'{place}.by_epoch', 'train_cfg.max_iters')
            yield f'{place} counts epochs but train_cfg iterations: set {place}.by_epoch=False.', places
    for sentence, about, inherited in unreached_ends(cfg):
        if not inherited:
            yield f'{sentence[:-1]}: change both.', about


def unreached_ends(cfg: Any) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield milestones and ends of schedules that training doesn't reach: a sentence, places, and who wrote them.

    A schedule that comes from another package may be meant for a longer run than this: that is no mistake.
    """
    for place, schedule in schedules(cfg):
        inherited = '_scope_' in schedule or cfg.get('default_scope') == 'mmpretrain'
        length = 'train_cfg.max_epochs' if schedule.get('by_epoch', True) else 'train_cfg.max_iters'
        for sentence, about in _beyond(place, schedule, length, value_at(cfg, length)):
            yield sentence, about, inherited


def _beyond(place: str, schedule: Schedule, length: str, end: Any) -> Iterator[Objection]:
    """Object to milestones and ends that training doesn't reach."""
    if not isinstance(end, int):
        return
    for option, reached in (('milestones', end - 1), ('end', end)):
        last = max(_positions(schedule, option), default=0)
        if last > reached:
            yield (
                f'{place}.{option} has {last}, but training ends at {length}={end}.',
                (f'{place}.{option}', length),
            )


def _positions(schedule: Schedule, option: str) -> list[int]:
    given = schedule.get(option)
    several = given if isinstance(given, (list, tuple)) else [given]
    return [one for one in several if isinstance(one, int)]
