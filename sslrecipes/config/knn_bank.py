"""The bank of a k-NN evaluation, as far as a config leaves it open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from mmengine.config import Config

from sslrecipes.config.places import Objection, value_at

_LOOP = 'KNNLoop'
_PHASES = ('val', 'test')
#: Parts of a bank -> where they come from; the first that fits.
_SOURCES = (
    ('_cfg.bank.dataset.pipeline', '{}_dataloader.dataset.pipeline'),
    ('_cfg.bank.dataset', 'train_dataloader.dataset'),
    ('_cfg.bank', '{}_dataloader'),
)


def fill_banks(cfg: Config) -> None:
    """Let the bank be the training images, prepared and loaded as those to classify; what the config says of it counts.

    A config that only evaluates by k-NN neither trains nor validates: loaders of its data set for that go.
    """
    for phase in _PHASES:
        loop, loader = cfg.get(f'{phase}_cfg'), cfg.get(f'{phase}_dataloader')
        images, pipeline = value_at(cfg, 'train_dataloader.dataset'), value_at(loader, 'dataset.pipeline')
        if _is_knn(loop) and pipeline is not None and isinstance(images, Mapping) and 'pipeline' in images:
            default = deepcopy({**loader, 'dataset': {**images, 'pipeline': pipeline}})
            given = loop.get('bank', {})
            loop['bank'] = _merged(default, given) if isinstance(given, Mapping) else given
    if _is_knn(cfg.get('test_cfg')) and not cfg.get('train_cfg') and not cfg.get('optim_wrapper'):
        idle = ['train_dataloader'] if cfg.get('val_cfg') else ['train_dataloader', 'val_dataloader', 'val_evaluator']
        for key in idle:
            if key in cfg:
                cfg[key] = None


def knn_has_a_bank(cfg: Any) -> Iterator[Objection]:
    """k-NN compares with labelled images."""
    for phase in _PHASES:
        if _is_knn(loop := cfg.get(f'{phase}_cfg')) and 'bank' not in loop:
            place = f'{phase}_cfg'
            yield (
                f'{place}: {_LOOP} needs labelled images: set {place}.bank, or a train_dataloader with them.',
                (place,),
            )


def source_of(place: str) -> str | None:
    """Where a part of a bank comes from that the config doesn't state; None for what belongs to no bank."""
    for phase in _PHASES:
        for part, source in _SOURCES:
            if f'{place}.'.startswith((f'{phase}{part}.', f'{phase}{part}[')):
                return source.format(phase) + place[len(phase + part) :]
    return None


def _is_knn(loop: Any) -> bool:
    return isinstance(loop, Mapping) and str(loop.get('type')).rpartition('.')[2] == _LOOP


def _merged(default: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """``default`` with what is ``given``; a part that is given with its type is whole."""
    merged = dict(default)
    for key, value in given.items():
        inner = merged.get(key)
        if isinstance(value, Mapping) and isinstance(inner, Mapping) and 'type' not in value:
            merged[key] = _merged(inner, value)
        else:
            merged[key] = value
    return merged
