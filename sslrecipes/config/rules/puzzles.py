"""Tiles of jigsaw puzzles."""

from __future__ import annotations

from sslrecipes.config.rules.checks import Check, part, share, whole

TILES_PER_SIDE = 3


#: What the options of ``PuzzleTiles`` may be.
PUZZLE_TILES: dict[str, Check] = {'tile_share': part, 'channel_shift': whole(0), 'grey_prob': share}


def tile_side(side: int, tile_share: float) -> int:
    """Side in pixels of the tiles of an image of ``side`` px."""
    return max(1, round(side // TILES_PER_SIDE * tile_share))
