"""Fashion-MNIST from the files that Debian packages."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mmpretrain.datasets.categories import FASHIONMNIST_CATEGORITES
from numpy.typing import NDArray

from sslrecipes.datasets.embedded import EmbeddedDataset
from sslrecipes.errors import DataError
from sslrecipes.registry import DATASETS

#: Where Debian's package ``dataset-fashion-mnist`` puts its files.
DEBIAN_FOLDER = '/usr/share/datasets/fashion-mnist'
PREFIXES = {'train': 'train', 'val': 't10k'}
UNSIGNED_BYTES = 8


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzipped IDX file of bytes.

    Raises:
        DataError: If there is no such file, or it is damaged or of another kind.
    """
    _require(path)
    try:
        content = gzip.decompress(path.read_bytes())
        kind, dimensions = content[2], content[3]
        shape = np.frombuffer(content, '>i4', dimensions, offset=4)
        values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except (OSError, EOFError, IndexError, ValueError, zlib.error) as error:
        raise DataError(f'"{path}" is damaged: {error}.') from error
    if kind != UNSIGNED_BYTES:
        raise DataError(f'"{path}" does not hold bytes.')
    return values


def _paths(split: str, root: str) -> tuple[Path, ...]:
    """Return the files of pictures and labels of a split; none of a split that there isn't."""
    prefix = PREFIXES.get(split)
    return tuple(Path(root, f'{prefix}-{kind}-ubyte.gz') for kind in ('images-idx3', 'labels-idx1') if prefix)


def _require(path: Path) -> None:
    if not path.is_file():
        raise DataError(
            f'There is no "{path}": install Debian\'s package dataset-fashion-mnist, or give the data set the '
            f'data_root of the four *-ubyte.gz files of Fashion-MNIST.'
        )


@DATASETS.register_module()
class FashionMNIST(EmbeddedDataset):
    """70,000 pictures of clothes, 28 x 28 grey pixels in ten classes.

    mmpretrain's class of this name downloads and unpacks; this one reads the files as they are published. Each sample
    has ``img`` ``(28, 28, 3)`` BGR uint8 with three equal channels, ``img_shape``, ``ori_shape``, ``gt_label`` and
    ``sample_idx``.

    Args:
        split: ``'train'`` (60,000) or ``'val'`` (10,000, officially the test set).
        data_root: Folder of the four ``*-ubyte.gz`` files.
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        ConfigError: Unknown ``split``.
        DataError: The files are missing or damaged.
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': FASHIONMNIST_CATEGORITES}

    def __init__(self, split: str = 'train', data_root: str = DEBIAN_FOLDER, **kwargs: Any) -> None:
        super().__init__(split, data_root=data_root, **kwargs)

    @classmethod
    def check_source(cls, cfg: Mapping[str, Any]) -> None:
        """Check that the files of the split are there."""
        for path in _paths(cfg.get('split', 'train'), cfg.get('data_root', DEBIAN_FOLDER)):
            _require(path)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the pictures of the split with their labels."""
        pictures, labels = (read_idx(path) for path in _paths(self.split, self.data_root))
        if len(pictures) != len(labels):
            raise DataError(f'"{self.data_root}" has {len(pictures)} pictures but {len(labels)} labels.')
        return [{'picture': picture, 'gt_label': int(label)} for picture, label in zip(pictures, labels, strict=True)]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the picture, as a copy with three channels, and its label."""
        info: dict[str, Any] = super().get_data_info(idx)
        info['img'] = np.repeat(info.pop('picture')[..., None], 3, axis=-1)
        info['img_shape'] = info['ori_shape'] = info['img'].shape[:2]
        return info
