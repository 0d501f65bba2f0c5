"""Objects cut out of photographs, from the files that Debian packages for Tux Paint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image
from PIL.Image import Resampling, Transpose

from sslrecipes.datasets.cutouts import HALF, Cutout
from sslrecipes.datasets.stamp_names import SHA256, STAMPS
from sslrecipes.errors import DataError

#: Where Debian's package ``tuxpaint-stamps-default`` puts its files.
DEBIAN_FOLDER = '/usr/share/tuxpaint/stamps'
SPLITS = ('train', 'val')
LARGEST = 256
"""Objects are kept with at most so many pixels to a side."""


@dataclass(frozen=True)
class Stamp:
    """An object.

    Attributes:
        label: Its class, an index of :data:`~sslrecipes.datasets.stamp_names.STAMPS`.
        picture: Its box, ``RGBA``.
    """

    label: int
    picture: Image.Image


def list_stamps(split: str) -> Iterator[tuple[int, str]]:
    """Yield class and name, a path without ``.png``, of each object of a split, class by class."""
    for label, folders in enumerate(STAMPS.values()):
        for folder, names in folders.items():
            for name in names[SPLITS.index(split)].split():
                yield label, f'{folder}/{name}'


@lru_cache(maxsize=1)
def check_stamps(root: str = DEBIAN_FOLDER) -> None:
    """Check, once per process, that the files are there, and are those of the lists.

    Args:
        root: Folder of the stamps.

    Raises:
        DataError: A file is missing, can't be read or is of another version of the package.
    """
    digest = hashlib.sha256()
    for name in sorted(name for split in SPLITS for _, name in list_stamps(split)):
        content = _content(Path(root, f'{name}.png'))
        digest.update(f'{name} {len(content)}\n'.encode() + content)
    if digest.hexdigest() != SHA256:
        raise DataError(
            f'The stamps in "{root}" are not those of version 2022.06.04 of tuxpaint-stamps-default, with which '
            'figures can be compared: install that version.'
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f'There is no "{path}": install Debian\'s package tuxpaint-stamps-default.') from None
    except OSError as error:
        raise DataError(f'"{path}" cannot be read: {error.strerror}.') from error


@lru_cache(maxsize=2)
def load_stamps(split: str, root: str = DEBIAN_FOLDER) -> dict[str, Stamp]:
    """Read the objects of a split, once per process.

    Args:
        split: ``'train'`` or ``'val'``.
        root: Folder of the stamps.

    Returns:
        Name -> object, class by class.

    Raises:
        DataError: As :func:`check_stamps`, or if a file isn't the picture of an object without background.
    """
    check_stamps(root)
    return {name: Stamp(label, read_cutout(Path(root, f'{name}.png'))) for label, name in list_stamps(split)}


def read_cutout(path: Path) -> Image.Image:
    """Read a picture with transparency, be it in colour, grey or with a palette, and cut out what can be seen of it.

    Returns:
        A picture ``RGBA`` of at most :data:`LARGEST` pixels to a side.

    Raises:
        DataError: The file is damaged, has no transparency or shows nothing.
    """
    try:
        with Image.open(path) as image:
            picture = image.convert('RGBA')
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f'"{path}" cannot be read as a picture: {error}.') from error
    cover = picture.getchannel('A')
    if cover.getextrema()[0] > HALF:
        raise DataError(f'"{path}" has no transparent background, from which an object would stand out.')
    box = cover.point(lambda value: 255 * (value > HALF)).getbbox()
    if box is None:
        raise DataError(f'"{path}" shows nothing: all of it is transparent.')
    picture = picture.crop(box)
    picture.thumbnail((LARGEST, LARGEST), Resampling.BILINEAR)
    return picture


def draw_stamp(rng: Generator, stamp: Stamp, side: int) -> Cutout:
    """Draw an object, mirrored or not, so that its longer side has ``side`` pixels."""
    picture = stamp.picture.transpose(Transpose.FLIP_LEFT_RIGHT) if rng.integers(2) else stamp.picture
    width, height = (max(length * side // max(picture.size), 1) for length in picture.size)
    pixels = np.asarray(picture.resize((width, height), Resampling.BILINEAR))
    return Cutout(stamp.label, pixels[..., 3], pixels[..., :3])
