"""Widths, images and patches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sslrecipes.config.rules.checks import number

#: Sides of patches that people use.
COMMON_PATCHES = (4, 8, 14, 16, 32)
#: Largest side of pictures, of which one takes 3 GB.
MOST_SIDE = 2**14
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


def no_whole_patches(name: str, side: int, patch: int, fixed: bool = False) -> str | None:
    """Pictures don't consist of whole patches.

    Args:
        name: The option that says their side.
        side: Its value in pixels.
        patch: Side of a patch, or of what else the network divides them into.
        fixed: Whether it divides them in no other way.
    """
    if side % patch == 0:
        return None
    below = side // patch * patch
    sides = ' or '.join(str(whole) for whole in (below, below + patch) if whole)
    if fixed:
        return f'{name}={side} is no multiple of {patch} px: take {sides} px.'
    parts = [str(part) for part in COMMON_PATCHES if side % part == 0]
    patches = f', or patches of {" or ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))} px' if parts else ''
    return f'{name}={side} is no whole number of patches of {patch} px: take {sides} px{patches}.'


def too_small(name: str, side: int, owner: str, least: int) -> str | None:
    """Pictures are so small that a network is left with a map of 0 x 0, or one smaller than its windows."""
    return None if side >= least else f'{name}={side}: {owner} takes no pictures of less than {least} px.'


def out_of_range(name: str, side: int, least: int) -> str | None:
    """Pictures are so small that they show nothing, or so large that no memory holds a batch of them."""
    if side < least:
        return f'{name}={side}: pictures of less than {least} px show nothing that could be learnt.'
    if side > MOST_SIDE:
        gigabytes = 3 * 4 * side**2 / 1e9
        return f'{name}={side}: one picture takes {gigabytes:,.0f} GB of memory; {MOST_SIDE} px are the most.'
    return None


def only_size(name: str, side: int, owner: str, known: int) -> str | None:
    """Something takes pictures of one size only."""
    return None if side == known else f'{name}={side}: {owner} takes pictures of {known} px only.'


def _pair(size: Any) -> Sequence[int]:
    return size if isinstance(size, (list, tuple)) else (size, size)
