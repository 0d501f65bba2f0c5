"""What the data sets that come with an installed package have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmpretrain.datasets import BaseDataset
from numpy.typing import NDArray

from sslrecipes.errors import ConfigError


class EmbeddedDataset(BaseDataset):
    """A labelled data set that needs no folder, no annotation file and no download.

    Args:
        split: ``'train'`` or ``'val'``.
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        ConfigError: Unknown ``split``.
    """

    SPLITS = ('train', 'val')

    def __init__(self, split: str = 'train', **kwargs: Any) -> None:
        if split not in self.SPLITS:
            raise ConfigError(f'{type(self).__name__} has the splits {" and ".join(self.SPLITS)}, not "{split}".')
        self.split = split
        super().__init__(ann_file='', **kwargs)

    @classmethod
    def check_source(cls, cfg: Mapping[str, Any]) -> None:
        """Check that what is read is installed, before anything is built.

        Args:
            cfg: Config of the data set.

        Raises:
            DataError: It isn't.
        """

    def get_gt_labels(self) -> NDArray[np.int64]:
        """Return the label of every sample, without its picture."""
        return np.array([self.get_cat_ids(index)[0] for index in range(len(self))])

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the label of sample ``idx`` as a one-element list."""
        return [int(super().get_data_info(idx)['gt_label'])]

    def extra_repr(self) -> list[str]:
        """State the split and, once the samples are listed, how many there are of each class."""
        lines = [f'Split: \t{self.split}']
        if self._fully_initialized:
            counts = np.bincount(self.get_gt_labels(), minlength=len(self.CLASSES))
            per_class = ', '.join(f'{name} {n}' for name, n in zip(self.CLASSES, counts, strict=True))
            lines.append(f'Samples per class: \t{per_class}')
        return lines
