"""The nine pieces of a jigsaw puzzle."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.puzzles import PUZZLE_TILES, TILES_PER_SIDE, tile_side
from sslrecipes.datasets.transforms.views.pixels import bgr_of
from sslrecipes.errors import DataError
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PuzzleTiles(BaseTransform):
    """Nine tiles of an image, row by row, each from a random place in its cell of a grid of 3 x 3.

    The gaps between the tiles keep edges and colours from telling which ones are neighbours; so do channels that are
    moved apart by a few pixels, as lenses do, and images without colour.

    Changes ``img`` (H, W, 3), BGR uint8, to a list of nine arrays (S, S, 3); sets ``img_shape`` to their shapes. Cells
    are a third of the smaller side wide; what the grid leaves of the image is not used.

    Args:
        tile_share: Side S of a tile as a share of that of its cell.
        channel_shift: Largest distance in pixels by which a channel of a tile is moved, in both directions.
        grey_prob: Probability of greyscale, of the whole image.

    Raises:
        ConfigError: For an option that can't be meant.

    Source: `Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles
    <https://arxiv.org/abs/1603.09246>`_: tiles of 64 in cells of 75 of 225 px, shifts of up to 2 px, 30 % in grey.
    """

    def __init__(self, tile_share: float = 64 / 75, channel_shift: int = 2, grey_prob: float = 0.3) -> None:
        options = {'tile_share': tile_share, 'channel_shift': channel_shift, 'grey_prob': grey_prob}
        refuse_bad_values('PuzzleTiles', options, PUZZLE_TILES)
        self.tile_share = tile_share
        self.channel_shift = channel_shift
        self.grey_prob = grey_prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``img`` by its tiles.

        Raises:
            DataError: The image has no three channels of bytes, or is smaller than three pixels.
        """
        image, name = results['img'], results.get('img_path') or 'an image'
        if image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < TILES_PER_SIDE:
            raise DataError(
                f'PuzzleTiles needs images (H, W, 3) of at least {TILES_PER_SIDE} x {TILES_PER_SIDE} pixels; {name} is '
                f'{image.shape}.'
            )
        image = bgr_of(image, 'PuzzleTiles', name)
        if np.random.rand() < self.grey_prob:
            image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        cell, side = min(image.shape[:2]) // TILES_PER_SIDE, tile_side(min(image.shape[:2]), self.tile_share)
        corners = [(row * cell, column * cell) for row in range(TILES_PER_SIDE) for column in range(TILES_PER_SIDE)]
        results['img'] = [self._tile(image, corner, cell, side) for corner in corners]
        results['img_shape'] = [(side, side)] * len(corners)
        return results

    def _tile(self, image: NDArray[np.uint8], corner: tuple[int, int], cell: int, side: int) -> NDArray[np.uint8]:
        """A tile from a random place of the cell at ``corner``, its channels moved apart, yet within the image."""
        place = corner + np.random.randint(0, cell - side + 1, 2)
        shifts = np.random.randint(-self.channel_shift, self.channel_shift + 1, (3, 2))
        starts = np.clip(place + shifts, 0, np.array(image.shape[:2]) - side)
        channels = [image[y : y + side, x : x + side, channel] for channel, (y, x) in enumerate(starts)]
        return np.stack(channels, axis=-1)

    def __repr__(self) -> str:
        """State the options."""
        options = f'tile_share={self.tile_share:.4g}, channel_shift={self.channel_shift}, grey_prob={self.grey_prob}'
        return f'{type(self).__name__}({options})'
