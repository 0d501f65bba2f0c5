"""Permutations of nine pieces that differ from one another in as many places as possible."""

from __future__ import annotations

from itertools import product

NUM_PIECES = 9
#: Permutations that there are; of the first 504 any two differ in at least 7 of the 9 places, of all in at least 6.
MAX_PUZZLES = 1512

_FIELD = range(8)
_INFINITY = 8
#: Of the 504 maps each so-many-th comes next, so that of the first 64 or 100, too, each piece is in all places.
_STRIDE = 139


def puzzles(count: int) -> list[tuple[int, ...]]:
    """List ``count`` permutations of nine pieces, the identity first; the same ones always.

    The paper picks them one by one from all 362,880 so that their mean Hamming distance is the largest. These are ours:
    the Möbius maps ``z -> (az + b) / (cz + d)`` of the nine points of the projective line over the field with eight
    elements, of which there are 504. No two distinct ones agree in three points, so that they differ in seven or
    more places, and no set of permutations at that distance is larger. Composed with ``z -> z^2`` and ``z -> z^4`` they
    are 1,512 at a distance of six or more.

    Args:
        count: 1 to :data:`MAX_PUZZLES`.
    """
    ordered = _moebius_maps()
    maps = [ordered[index * _STRIDE % len(ordered)] for index in range(len(ordered))]
    powers = [(*(_power(z, exponent) for z in _FIELD), _INFINITY) for exponent in (1, 2, 4)]
    return [tuple(images[z] for z in power) for power in powers for images in maps][:count]


def _moebius_maps() -> list[tuple[int, ...]]:
    """Images of the nine points under each map, the identity first."""
    affine = [(*(_times(a, z) ^ b for z in _FIELD), _INFINITY) for a, b in product(_FIELD, _FIELD) if a]
    fractional = [
        (*(_fraction(_times(a, z) ^ b, z ^ d) for z in _FIELD), a)
        for a, b, d in product(_FIELD, repeat=3)
        if _times(a, d) != b
    ]
    return affine + fractional


def _fraction(numerator: int, denominator: int) -> int:
    return _times(numerator, _power(denominator, 6)) if denominator else _INFINITY


def _power(z: int, exponent: int) -> int:
    result = 1
    for _ in range(exponent):
        result = _times(result, z)
    return result


def _times(one: int, other: int) -> int:
    """Product in the field with eight elements: of polynomials over two elements, modulo ``x^3 + x + 1``."""
    product_ = 0
    for bit in range(3):
        if other >> bit & 1:
            product_ ^= one << bit
    for bit in (4, 3):
        if product_ >> bit & 1:
            product_ ^= 0b1011 << (bit - 3)
    return product_
