"""Scenes put together from photographs and objects; every pixel's class and object is known.

Only whole numbers, numpy's generators and Pillow are used, so that a scene is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from sslrecipes.datasets.cutouts import HALF, Picture, blend
from sslrecipes.datasets.photo_tiles import load_photographs, split_bands
from sslrecipes.datasets.scene_objects import DIGITS, draw_object, object_classes

SPLITS = ('train', 'val')
THINGS = DIGITS
"""Classes of objects, unless others are asked for."""
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
"""Classes of a semantic map, in the order of its values, unless other objects are asked for."""
IGNORED = 255
"""Value of the pixels that belong half to an object and half to what is behind it."""

_SURFACES = ('astronaut', 'camera', 'chelsea', 'china', 'coffee', 'flower', 'motorcycle_left', 'retina', 'rocket')
_MAX_THINGS = 5
_TRIES = 20
_MIN_VISIBLE = 0.6
_EDGE = 25

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Thing:
    """An object.

    Attributes:
        label: Its class, an index of those of its kind of objects.
        mask: The pixels that show it, ``(H, W)``.
        area: How many these would be if nothing hid it.
    """

    label: int
    mask: Mask
    area: int


@dataclass(frozen=True)
class Scene:
    """A picture ``(H, W, 3)`` in RGB, its semantic map ``(H, W)``, and its objects.

    The map has the values of :func:`scene_classes`.
    """

    picture: Picture
    semantic: Picture
    things: list[Thing]


def scene_classes(objects: str) -> tuple[str, ...]:
    """Return the classes of a semantic map with ``'digits'`` or ``'stamps'``, in the order of its values."""
    return (*STUFF, *object_classes(objects))


def draw_scene(split: str, index: int, size: int, objects: str = 'digits') -> Scene:
    """Draw scene number ``index`` of a split; it depends on nothing else.

    One to three regions are filled with textures, then up to five objects are laid on them, each mostly visible.
    Splits share neither a pixel of a photograph nor an object.

    Args:
        split: ``'train'`` or ``'val'``.
        index: Number of the scene.
        size: Side of the square picture in pixels, above 112.
        objects: ``'digits'`` or ``'stamps'``.
    """
    rng = np.random.default_rng([SPLITS.index(split), index])
    picture, semantic = _draw_regions(rng, split, size)
    things: list[Thing] = []
    for _ in range(rng.integers(1, _MAX_THINGS + 1)):
        thing = draw_object(rng, split, objects)
        placed = _find_place(rng, things, thing.shape, size)
        if placed is None:
            continue
        window, rest = placed
        mask = np.zeros((size, size), bool)
        mask[window] = thing.shape > HALF
        things = [*rest, Thing(thing.label, mask, int(mask.sum()))]
        surface = _draw_surface(rng, split, thing.shape) if thing.surface is None else thing.surface
        blend(picture[window], thing.shape, surface)
        _enter(semantic[window], thing.shape, thing.label)
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


def _enter(semantic: Picture, shape: Picture, label: int) -> None:
    """Enter an object into its box of the map, in place."""
    semantic[shape > HALF] = len(STUFF) + label
    semantic[(shape > _EDGE) & (shape < 255 - _EDGE)] = IGNORED


def _draw_surface(rng: Generator, split: str, shape: Picture) -> Picture:
    """Cut a texture for an object, and mix it half and half with a strong random colour, by which it stands out."""
    texture = cut_texture(rng, _SURFACES[rng.integers(len(_SURFACES))], split, max(shape.shape))
    colour = rng.permutation([rng.integers(180, 256), rng.integers(0, 256), rng.integers(0, 76)])
    return (texture[: shape.shape[0], : shape.shape[1]] // 2 + colour // 2).astype(np.uint8)
