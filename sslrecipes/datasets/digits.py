"""The handwritten digits inside the scikit-learn wheel: the smallest labelled data set, for trials in seconds."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sslrecipes.datasets.embedded import EmbeddedDataset
from sslrecipes.registry import DATASETS

VAL_SHARE = 0.2
"""Share of each class, taken from the end of the file, that is kept for validation."""


def split_indices(labels: NDArray[np.int64], split: str) -> NDArray[np.int64]:
    """Return the sorted indices of a split in which every class keeps its share.

    Args:
        labels: Class of every sample, ``(N,)``, in file order.
        split: ``'train'`` or ``'val'``; the last :data:`VAL_SHARE` of each class is for validation.
    """
    parts = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        border = len(members) - round(VAL_SHARE * len(members))
        parts.append(members[border:] if split == 'val' else members[:border])
    return np.sort(np.concatenate(parts))


@cache
def load_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read all digits once: grey values ``(N, 8, 8)`` and classes ``(N,)``, not to be changed."""
    from sklearn import datasets  # takes over a second to import

    digits = datasets.load_digits()
    return np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target


@DATASETS.register_module()
class Digits(EmbeddedDataset):
    """1,797 digits of 8 x 8 pixels (``sklearn.datasets.load_digits``), grey values 0..16 scaled to 0..255.

    Each sample has ``img`` ``(8, 8, 3)`` BGR uint8 with three equal channels, ``img_shape``, ``ori_shape``,
    ``gt_label`` and ``sample_idx``.

    Args:
        split: ``'train'`` or ``'val'`` (:func:`split_indices`).
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        ConfigError: Unknown ``split``.
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': tuple('0123456789')}

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the digits of the split with their labels."""
        grey, labels = load_digits()
        shape = grey.shape[1:]
        return [
            {
                'img': np.repeat(grey[index, ..., None], 3, axis=-1),
                'gt_label': int(labels[index]),
                'img_shape': shape,
                'ori_shape': shape,
            }
            for index in split_indices(labels, self.split)
        ]
