"""What lies in the scenes: digits that ship inside a wheel, or objects that Debian packages."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from sslrecipes.datasets.cutouts import Cutout, Picture
from sslrecipes.datasets.digits import split_indices
from sslrecipes.datasets.stamp_files import check_stamps, draw_stamp, load_stamps
from sslrecipes.datasets.stamp_names import STAMPS
from sslrecipes.errors import ConfigError

DIGITS = ('zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine')
_CLASSES = {'digits': DIGITS, 'stamps': tuple(STAMPS)}
_MIN_SIDE, _MAX_SIDE = 32, 112


def object_classes(objects: str) -> tuple[str, ...]:
    """Return the classes of a kind of objects, in the order of their labels.

    Args:
        objects: ``'digits'`` or ``'stamps'``.

    Raises:
        ConfigError: It is another.
    """
    if objects not in _CLASSES:
        raise ConfigError(f'PhotoScenes has the objects {" and ".join(_CLASSES)}, not "{objects}".')
    return _CLASSES[objects]


def check_objects(objects: str) -> None:
    """Check that what objects are made of is there.

    Raises:
        ConfigError: There are no such objects.
        DataError: The stamps aren't installed, or are of another version.
    """
    if object_classes(objects) != DIGITS:
        check_stamps()


def draw_object(rng: Generator, split: str, objects: str) -> Cutout:
    """Draw an object of a split, its longer side 32 to 112 pixels."""
    return _draw_digit(rng, split) if objects == 'digits' else _draw_stamp(rng, split)


def _draw_side(rng: Generator) -> int:
    return int(rng.integers(_MIN_SIDE, _MAX_SIDE + 1))


@lru_cache(maxsize=2)
def _digits(split: str) -> tuple[Picture, NDArray[np.int64]]:
    """Return the grey values ``(N, 8, 8)`` and the labels of a split's digits."""
    from sklearn.datasets import load_digits  # takes over a second to import

    digits = load_digits()
    kept = split_indices(digits.target, split)
    return (digits.images[kept] * 15).astype(np.uint8), digits.target[kept]


def _draw_digit(rng: Generator, split: str) -> Cutout:
    """Draw a digit, turned by up to 30 degrees."""
    grey, labels = _digits(split)
    index = rng.integers(len(labels))
    large = Image.fromarray(np.pad(grey[index], 1)).resize((120, 120), Resampling.BICUBIC)
    large = large.rotate(int(rng.integers(-30, 31)), Resampling.BICUBIC, expand=True)
    sharp = large.point([min(max((value - 70) * 4, 0), 255) for value in range(256)])
    shape = sharp.crop(sharp.getbbox())
    side = _draw_side(rng)
    width, height = (max(length * side // max(shape.size), 1) for length in shape.size)
    return Cutout(int(labels[index]), np.asarray(shape.resize((width, height), Resampling.BILINEAR)))


def _draw_stamp(rng: Generator, split: str) -> Cutout:
    """Draw a stamp; classes are equally frequent, however many stamps they have."""
    label = int(rng.integers(len(STAMPS)))
    members = [stamp for stamp in load_stamps(split).values() if stamp.label == label]
    return draw_stamp(rng, members[rng.integers(len(members))], _draw_side(rng))
