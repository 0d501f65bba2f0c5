"""Classifiers, detectors and segmentors have as many classes as the data."""

from __future__ import annotations

from typing import Any

from torch import nn

from sslrecipes.errors import ConfigError

#: Parts of a model with a class for each of the data's; ``''`` is the model itself, a linear probe.
HEADS = ('', 'head', 'probe', 'bbox_head', 'mask_head', 'decode_head', 'auxiliary_head')


def check_class_count(model: nn.Module, dataset: Any, loader: str) -> None:
    """Compare the heads of a model with what a data set says of its classes.

    Too few classes would end in an index error in the middle of an epoch, or be background to a box head; too many
    would train without a word.

    Args:
        model: The model, not wrapped.
        dataset: Data set with ``metainfo['classes']``, or ``'thing_classes'`` where there is also stuff; without
            either, nothing is checked.
        loader: Where it stands in the config, such as ``'train_dataloader'``.

    Raises:
        ConfigError: If they differ.
    """
    metainfo = getattr(dataset, 'metainfo', {})
    classes = metainfo.get('thing_classes') or metainfo.get('classes')
    for name, head in model.named_modules():
        found = getattr(head, 'num_classes', None)
        if classes and isinstance(found, int) and name.rpartition('.')[2] in HEADS and found != len(classes):
            place = f'model.{name}.num_classes' if name else 'model.num_classes'
            raise ConfigError(
                f'{place} is {found}, but the data of {loader} has {len(classes)} classes '
                f'({", ".join(map(str, classes[:3]))} ...): change one of them.'
            )
