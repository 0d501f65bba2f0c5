"""The size of the pictures that a loader hands to the network."""

from __future__ import annotations

from typing import Any

from sslrecipes.config.places import value_at

#: Transforms after which pictures have one size -> the argument that states it.
SIZES = {
    'RandomResizedCrop': 'scale',
    'RandomCrop': 'crop_size',
    'CenterCrop': 'crop_size',
    'Resize': 'scale',
    'MultiCrop': 'global_size',
    'RegionCrops': 'montage_size',
}


def picture_size(loader: Any) -> int | None:
    """Side in pixels that the last of a loader's transforms, or else its data set, sets; None if none does.

    Args:
        loader: Its config, or what is left of one.
    """
    dataset = value_at(loader, 'dataset')
    while value_at(dataset, 'dataset'):  # wrappers
        dataset = value_at(dataset, 'dataset')
    steps = value_at(dataset, 'pipeline')
    stated = [_side(value_at(step, SIZES.get(str(value_at(step, 'type')), ''))) for step in _list(steps)]
    return next(filter(None, reversed(stated)), None) or _side(value_at(dataset, 'tile_size'))


def _side(size: Any) -> int | None:
    first = size[0] if isinstance(size, (list, tuple)) and size else size
    return first if type(first) is int and first > 0 else None


def _list(steps: Any) -> Any:
    return steps if isinstance(steps, (list, tuple)) else ()
