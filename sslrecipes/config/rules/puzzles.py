"""Tiles of jigsaw puzzles."""

from __future__ import annotations

from typing import Any

from sslrecipes.config.rules.checks import Check, share, whole

TILES_PER_SIDE = 3


def _part(value: Any) -> str | None:
    return None if share(value) is None and value > 0 else 'a number above 0, and no more than 1'


#: What the options of ``PuzzleTiles`` may be.
PUZZLE_TILES: dict[str, Check] = {'tile_share': _part, 'channel_shift': whole(0), 'grey_prob': share}


def tile_side(side: int, tile_share: float) -> int:
    """Side in pixels of the tiles of an image of ``side`` px."""
    return max(1, round(side // TILES_PER_SIDE * tile_share))
