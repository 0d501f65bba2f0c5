"""Tiles of real photographs that need no download: they ship inside the scikit-image and scikit-learn wheels."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray
from PIL import Image

from sslrecipes.datasets.embedded import EmbeddedDataset
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import DATASETS

PHOTOGRAPHS = {
    'skimage': (
        'data',
        ('astronaut.png', 'brick.png', 'camera.png', 'chelsea.png', 'coffee.png', 'coins.png', 'grass.png',
         'gravel.png', 'hubble_deep_field.jpg', 'ihc.png', 'moon.png', 'motorcycle_left.png', 'page.png',
         'retina.jpg', 'rocket.jpg', 'text.png'),
    ),
    'sklearn': ('datasets/images', ('china.jpg', 'flower.jpg')),
}  # fmt: skip
"""Package -> (folder in it, files). Drawings, near-empty pictures and second shots of one scene are left out."""

Band = tuple[int, int]
T = TypeVar('T')


@lru_cache(maxsize=1)
def load_photographs() -> dict[str, NDArray[np.uint8]]:
    """Read all photographs, once per process, from the installed wheels.

    Returns:
        Class name -> picture ``(H, W, 3)``, BGR uint8, read-only; grey pictures have three equal channels.

    Raises:
        DataError: A package or one of its pictures is not on disk.
    """
    photographs = {}
    for package, (folder, files) in PHOTOGRAPHS.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise DataError(f'PhotoTiles needs the package "{package}": run `pip install scikit-image scikit-learn`.')
        for file in files:
            path = Path(spec.origin).parent / folder / file
            try:
                rgb = np.asarray(Image.open(path).convert('RGB'))
            except OSError as error:
                raise DataError(f'PhotoTiles cannot read "{path}": reinstall "{package}" from its wheel.') from error
            photographs[path.stem] = np.ascontiguousarray(rgb[..., ::-1])
            photographs[path.stem].setflags(write=False)
    return photographs


def split_bands(width: int, split: str) -> list[Band]:
    """Return the column ranges ``[start, stop)`` of a picture that belong to ``split``.

    The third quarter of the width is for validation, the rest for training. The border doesn't depend on the tile
    size, so validation pixels are never trained on, not even by a model pre-trained with tiles of another size.
    """
    middle, last = width // 2, width // 2 + width // 4
    return [(middle, last)] if split == 'val' else [(0, middle), (last, width)]


def tile_corners(height: int, width: int, split: str, size: int, stride: int) -> Iterator[tuple[int, int]]:
    """Yield ``(top, left)`` of every ``size`` x ``size`` tile that lies wholly inside a band of ``split``."""
    for start, stop in split_bands(width, split):
        for top in range(0, height - size + 1, stride):
            for left in range(start, stop - size + 1, stride):
                yield top, left


def evenly_spread(items: list[T], count: int | None) -> list[T]:
    """Return ``count`` of the items at equal distances, or all of them if there are no more or it is ``None``."""
    if count is None or count >= len(items):
        return items
    return [items[(2 * index + 1) * len(items) // (2 * count)] for index in range(count)]


@DATASETS.register_module()
class PhotoTiles(EmbeddedDataset):
    """Square tiles of 18 photographs; the label of a tile is the picture it comes from.

    Training and validation tiles share no pixel (:func:`split_bands`). The classes are unbalanced because the
    pictures differ in size: report class-balanced accuracy too. A picture too small to give a tile to both splits
    is left out, and its class with it.

    Each sample has ``img`` ``(size, size, 3)`` BGR uint8 (as ``LoadImageFromFile`` would give), ``img_shape``,
    ``ori_shape``, ``gt_label`` and ``sample_idx``.

    Args:
        split: ``'train'`` or ``'val'``.
        tile_size: Side of a tile in pixels.
        stride: Step between neighbouring tiles in pixels; ``None`` means ``tile_size`` (no overlap).
        per_class: At most so many tiles of each picture, evenly spread over it; ``None`` means all. Where there are
            so many of each, the classes are balanced.
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        ConfigError: Unknown ``split``, or a ``tile_size``, ``stride`` or ``per_class`` below 1.
        DataError: The pictures are not installed, or fewer than two are large enough for ``tile_size``.
    """

    def __init__(
        self,
        split: str = 'train',
        tile_size: int = 32,
        stride: int | None = None,
        per_class: int | None = None,
        **kwargs: Any,
    ) -> None:
        if tile_size < 1 or (stride is not None and stride < 1):
            raise ConfigError(f'PhotoTiles needs tile_size and stride of at least 1, not {tile_size} and {stride}.')
        if per_class is not None and per_class < 1:
            raise ConfigError(f'PhotoTiles needs per_class of at least 1, or None for all tiles, not {per_class}.')
        self.tile_size = tile_size
        self.stride = stride or tile_size
        self.per_class = per_class
        super().__init__(split, metainfo={'classes': self._large_enough()}, **kwargs)

    def _corners(self, name: str, split: str) -> Iterator[tuple[int, int]]:
        height, width = load_photographs()[name].shape[:2]
        return tile_corners(height, width, split, self.tile_size, self.stride)

    def _large_enough(self) -> tuple[str, ...]:
        photographs = load_photographs()
        kept = tuple(name for name in photographs if all(any(self._corners(name, split)) for split in self.SPLITS))
        if len(kept) < 2:
            raise DataError(
                f'PhotoTiles has only {len(kept)} picture(s) large enough for tile_size={self.tile_size}: '
                'choose a smaller tile_size.'
            )
        if len(kept) < len(photographs):
            dropped = ', '.join(name for name in photographs if name not in kept)
            print_log(f'PhotoTiles: too small for tile_size={self.tile_size}, left out: {dropped}', logger='current')
        return kept

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the position and the label of every tile, picture by picture, row by row."""
        return [
            {'corner': corner, 'gt_label': label}
            for label, name in enumerate(self.CLASSES)
            for corner in evenly_spread(list(self._corners(name, self.split)), self.per_class)
        ]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the tile and its label; ``img`` is a copy, which transforms may change in place."""
        info: dict[str, Any] = super().get_data_info(idx)
        top, left = info.pop('corner')
        picture = load_photographs()[self.CLASSES[info['gt_label']]]
        size = self.tile_size
        info['img'] = picture[top : top + size, left : left + size].copy()
        info['img_shape'] = info['ori_shape'] = (size, size)
        return info

    def extra_repr(self) -> list[str]:
        """State the tile size, the split and the tiles per class."""
        return [f'Tile size: \t{self.tile_size}, stride {self.stride}', *super().extra_repr()]
