"""Regions of an image, and the montages that they are put together to."""

from __future__ import annotations

from typing import Any

from sslrecipes.config.rules.checks import Check, one_of, several, whole
from sslrecipes.config.rules.views import BACKENDS, INTERPOLATIONS, area_share, jitter_strengths, probability

#: Number of regions -> their names, in their order.
LAYOUTS = {
    2: ('left', 'right'),
    4: ('left-top', 'left-bottom', 'right-top', 'right-bottom'),
}
VIEWS = 2
#: Regions in a montage, two in each row.
QUADRANTS = 4
SHUFFLES = ('global', 'local')
#: Side of a montage in pixels, and number of regions of an image, where ``RegionCrops`` isn't told.
MONTAGE_SIZE, REGIONS = 224, 2


def torn_montages(name: str, images: int, regions: int) -> str | None:
    """The regions of a process' batch don't make whole montages.

    Args:
        name: The option that says the number of images.
        images: Images of a process in a micro-batch.
        regions: Of an image.
    """
    if images * regions % QUADRANTS == 0:
        return None
    least = QUADRANTS // regions
    return (
        f'{name}={images}: the {images} x {regions} regions of a process do not make montages of {QUADRANTS}: take a '
        f'multiple of {least} images, and train_dataloader.drop_last=True if the last batch differs.'
    )


def other_number(name: str, regions: int, other: str, given: int) -> str | None:
    """A model is for another number of regions than the data gives."""
    return None if regions == given else f'{name} is {regions} but {other} is {given}: set both to the same number.'


def overlap(value: Any) -> str | None:
    """How far a region may reach beyond the middle."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _ALL
    return None if good else f'a number from 0 (halves) to {_ALL} (the whole image)'


def even_side(value: Any) -> str | None:
    """What the side of a montage may be."""
    return None if whole(2)(value) is None and value % 2 == 0 else 'an even whole number of at least 2'


_ALL = 0.5

#: What the options of ``RegionCrops`` may be.
REGION_CROPS: dict[str, Check] = {
    'regions': one_of(*LAYOUTS),
    'overlap': overlap,
    'montage_size': even_side,
    'region_scale': area_share,
    'jitter': jitter_strengths,
    **dict.fromkeys(('blur', 'solarize'), several(probability, VIEWS)),
    **dict.fromkeys(('jitter_prob', 'grey_prob', 'flip_prob'), probability),
    'backend': one_of(*BACKENDS),
    'interpolation': one_of(*INTERPOLATIONS),
}
