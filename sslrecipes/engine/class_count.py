"""Classifiers have as many classes as the data."""

from __future__ import annotations

from typing import Any

from torch import nn

from sslrecipes.errors import ConfigError

_PARTS = ('', '.head', '.probe')


def check_class_count(model: nn.Module, dataset: Any, loader: str) -> None:
    """Compare a classifier, linear probe or joint probe with what a data set says of its classes.

    Too few classes would end in an index error in the middle of an epoch, too many would train without a word.
    Detectors and segmentors have `ClassesHook`.

    Args:
        model: The model, not wrapped.
        dataset: Data set; without ``metainfo['classes']`` nothing is checked.
        loader: Where it stands in the config, such as ``'train_dataloader'``.

    Raises:
        ConfigError: If they differ.
    """
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    for name in _PARTS:
        part = getattr(model, name[1:], None) if name else model
        found = getattr(part, 'num_classes', None)
        if classes and isinstance(found, int) and found != len(classes):
            raise ConfigError(
                f'model{name}.num_classes is {found}, but the data of {loader} has {len(classes)} classes '
                f'({", ".join(map(str, classes[:3]))} ...): change one of them.'
            )
