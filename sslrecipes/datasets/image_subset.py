"""The images of a list, labelled as among all images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from sslrecipes.datasets.subset_lists import describe, locate, read_subset
from sslrecipes.registry import DATASETS


@DATASETS.register_module()
class ImageSubset(BaseDataset):
    """Labelled images of a list, such as 1 % of ImageNet.

    A label is the place of the class folder among all class folders, sorted.

    Args:
        data_root: Folder with one subfolder per class, such as ``data/imagenet/train``.
        subset: List file, written by ``tools/make_subset.py`` or in SimCLR's format.
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        DataError: The list can't be read or doesn't fit the folder (``subset_lists.locate`` tells how).
    """

    def __init__(self, data_root: str, subset: str, **kwargs: Any) -> None:
        self.subset = subset
        super().__init__(ann_file='', data_root=str(Path(data_root).expanduser()), **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images by class, in the order of the list."""
        chosen = locate(read_subset(self.subset), self.data_root, self.subset)
        self._metainfo.setdefault('classes', tuple(chosen))
        print_log(f'ImageSubset "{self.subset}": {describe(chosen)}', logger='current')
        return [
            {'img_path': str(Path(self.data_root, name, file)), 'gt_label': label}
            for label, (name, files) in enumerate(chosen.items())
            for file in files
        ]

    def extra_repr(self) -> list[str]:
        """State folder and list."""
        return [f'Folder: \t{self.data_root}', f'Subset: \t{self.subset}']
