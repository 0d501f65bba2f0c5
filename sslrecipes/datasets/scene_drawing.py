"""Scenes put together from photographs and digits that ship inside wheels; every pixel's class and object is known.

Only whole numbers, numpy's generators and Pillow are used, so that a scene is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from sslrecipes.datasets.digits import split_indices
from sslrecipes.datasets.photo_tiles import load_photographs, split_bands

SPLITS = ('train', 'val')
THINGS = ('zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine')
"""Classes of objects, in the order of the digits."""
STUFF = {
    'brick': ('brick',),
    'grass': ('grass',),
    'gravel': ('gravel',),
    'writing': ('text', 'page'),
    'tissue': ('ihc',),
    'coins': ('coins',),
    'stars': ('hubble_deep_field',),
    'moon': ('moon',),
}
"""Classes of regions -> photographs that show nothing else."""
CLASSES = (*STUFF, *THINGS)
"""Classes of a semantic map, in the order of its values."""
HALF = 127
"""An object is there if it covers more of a pixel (0..255)."""
IGNORED = 255
"""Value of the pixels that belong half to an object and half to what is behind it."""

_SURFACES = ('astronaut', 'camera', 'chelsea', 'china', 'coffee', 'flower', 'motorcycle_left', 'retina', 'rocket')
_MIN_SIDE, _MAX_SIDE = 32, 112
_MAX_THINGS = 5
_TRIES = 20
_MIN_VISIBLE = 0.6
_EDGE = 25

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Thing:
    """An object.

    Attributes:
        label: Its class, an index of :data:`THINGS`.
        mask: The pixels that show it, ``(H, W)``.
        area: How many these would be if nothing hid it.
    """

    label: int
    mask: Mask
    area: int


@dataclass(frozen=True)
class Scene:
    """A picture ``(H, W, 3)`` in RGB, its semantic map ``(H, W)`` of :data:`CLASSES`, and its objects."""

    picture: Picture
    semantic: Picture
    things: list[Thing]


def draw_scene(split: str, index: int, size: int) -> Scene:
    """Draw scene number ``index`` of a split; it depends on nothing else.

    One to three regions are filled with textures, then up to five digits are laid on them, each mostly visible.
    Splits share neither a pixel of a photograph nor a digit.

    Args:
        split: ``'train'`` or ``'val'``.
        index: Number of the scene.
        size: Side of the square picture in pixels, above 112.
    """
    rng = np.random.default_rng([SPLITS.index(split), index])
    picture, semantic = _draw_regions(rng, split, size)
    things: list[Thing] = []
    for _ in range(rng.integers(1, _MAX_THINGS + 1)):
        label, shape = _draw_digit(rng, split)
        placed = _find_place(rng, things, shape, size)
        if placed is None:
            continue
        window, rest = placed
        mask = np.zeros((size, size), bool)
        mask[window] = shape > HALF
        things = [*rest, Thing(label, mask, int(mask.sum()))]
        texture = cut_texture(rng, _SURFACES[rng.integers(len(_SURFACES))], split, max(shape.shape))
        _lay(picture[window], semantic[window], shape, _tint(rng, texture[: shape.shape[0], : shape.shape[1]]), label)
    return Scene(picture, semantic, things)


def cut_texture(rng: Generator, name: str, split: str, size: int) -> Picture:
    """Cut a square out of the columns of a photograph that belong to a split, magnified up to twice.

    Where these columns are narrower than the square, they go on as in a mirror.

    Returns:
        RGB ``(size, size, 3)``.
    """
    photograph = load_photographs()[name]
    bands = split_bands(photograph.shape[1], split)
    start, stop = bands[rng.integers(len(bands))]
    source = int(rng.integers(size // 2, size + 1))
    height, width = min(source, photograph.shape[0]), min(source, stop - start)
    top = rng.integers(photograph.shape[0] - height + 1)
    left = rng.integers(start, stop - width + 1)
    piece = photograph[top : top + height, left : left + width, ::-1]
    piece = np.pad(piece, ((0, source - height), (0, source - width), (0, 0)), mode='symmetric')
    return np.asarray(Image.fromarray(piece).resize((size, size), Resampling.BILINEAR))


def _draw_regions(rng: Generator, split: str, size: int) -> tuple[Picture, Picture]:
    """Give every pixel the texture of the nearest of a few random points, after shifting it a little."""
    classes = rng.permutation(len(STUFF))[: rng.integers(1, 4)]
    rows, columns = (grid + _wave(rng, size) for grid in np.indices((size, size), np.int32))
    points = rng.integers(0, size, (len(classes), 2))
    owner = np.argmin([(rows - y) ** 2 + (columns - x) ** 2 for y, x in points], axis=0)
    picture = np.zeros((size, size, 3), np.uint8)
    for number, label in enumerate(classes):
        names = tuple(STUFF.values())[label]
        texture = cut_texture(rng, names[rng.integers(len(names))], split, size)
        picture[owner == number] = texture[owner == number]
    return picture, classes.astype(np.uint8)[owner]


def _wave(rng: Generator, size: int) -> NDArray[np.int32]:
    """Return smooth shifts of up to an eighth of the picture, ``(size, size)``."""
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((size, size), Resampling.BICUBIC)).astype(np.int32)
    return (smooth - 128) * size // 1024


@lru_cache(maxsize=2)
def _digits(split: str) -> tuple[Picture, NDArray[np.int64]]:
    """Return the grey values ``(N, 8, 8)`` and the labels of a split's digits."""
    from sklearn.datasets import load_digits  # takes over a second to import

    digits = load_digits()
    kept = split_indices(digits.target, split)
    return (digits.images[kept] * 15).astype(np.uint8), digits.target[kept]


def _draw_digit(rng: Generator, split: str) -> tuple[int, Picture]:
    """Return a digit's label and how much of each pixel it covers (0..255), turned by up to 30 degrees."""
    grey, labels = _digits(split)
    index = rng.integers(len(labels))
    large = Image.fromarray(np.pad(grey[index], 1)).resize((120, 120), Resampling.BICUBIC)
    large = large.rotate(int(rng.integers(-30, 31)), Resampling.BICUBIC, expand=True)
    sharp = large.point([min(max((value - 70) * 4, 0), 255) for value in range(256)])
    shape = sharp.crop(sharp.getbbox())
    side = int(rng.integers(_MIN_SIDE, _MAX_SIDE + 1))
    width, height = (max(length * side // max(shape.size), 1) for length in shape.size)
    return int(labels[index]), np.asarray(shape.resize((width, height), Resampling.BILINEAR))


def _find_place(
    rng: Generator, things: list[Thing], shape: Picture, size: int
) -> tuple[tuple[slice, slice], list[Thing]] | None:
    """Try places for a new object until the earlier ones stay mostly visible.

    Returns:
        The rows and columns of its box and what is left of the earlier objects; ``None`` if all tries failed.
    """
    height, width = shape.shape
    for _ in range(_TRIES):
        top, left = rng.integers(size - height + 1), rng.integers(size - width + 1)
        window = (slice(top, top + height), slice(left, left + width))
        rest = [_hide(thing, window, shape) for thing in things]
        if all(thing.mask.sum() >= _MIN_VISIBLE * thing.area for thing in rest):
            return window, rest
    return None


def _hide(thing: Thing, window: tuple[slice, slice], shape: Picture) -> Thing:
    """Take away what a new object hides of an earlier one."""
    mask = thing.mask.copy()
    mask[window] &= shape <= HALF
    return Thing(thing.label, mask, thing.area)


def _lay(picture: Picture, semantic: Picture, shape: Picture, surface: Picture, label: int) -> None:
    """Blend an object into its box of the picture and enter it into the map, both in place."""
    weight = shape[..., None].astype(np.int32)
    picture[:] = (picture * (255 - weight) + surface * weight + HALF) // 255
    semantic[shape > HALF] = len(STUFF) + label
    semantic[(shape > _EDGE) & (shape < 255 - _EDGE)] = IGNORED


def _tint(rng: Generator, texture: Picture) -> Picture:
    """Mix a texture half and half with a strong random colour, by which objects stand out."""
    colour = rng.permutation([rng.integers(180, 256), rng.integers(0, 256), rng.integers(0, 76)])
    return (texture // 2 + colour // 2).astype(np.uint8)
