"""Widths, images and patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sslrecipes.config.rules.checks import number

#: Share of the patches that a masked autoencoder removes.
MASK_RATIO = number(0, below=1)


def differ(one: str, first: int, other: str, second: int) -> str | None:
    """Two options that say the same width say different ones."""
    return None if first == second else f'{one} is {first} but {other} is {second}: set both to the same number.'


def not_whole(large: str, whole: Any, small: str, part: Any) -> str | None:
    """A size, one number or height and width, doesn't consist of whole parts: an image of patches, a width of heads."""
    pairs = zip(_pair(whole), _pair(part), strict=True)
    if all(side > 0 and total % side == 0 for total, side in pairs):
        return None
    return f'{large}={whole} must be a multiple of {small}={part}.'


def other_grid(name: str, num_patches: int, img_size: Any, patch_size: Any) -> str | None:
    """A decoder has another number of patches than the images of the encoder."""
    (height, width), (rows, columns) = _pair(img_size), _pair(patch_size)
    needed = (height // rows) * (width // columns)
    if num_patches == needed:
        return None
    image, patch = (size[0] if len(set(size)) == 1 else size for size in ((height, width), (rows, columns)))
    return f'{name} is {num_patches}, but {image} px in patches of {patch} are {needed}.'


def _pair(size: Any) -> Sequence[int]:
    return size if isinstance(size, (list, tuple)) else (size, size)
