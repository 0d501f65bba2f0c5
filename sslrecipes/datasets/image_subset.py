"""The images of a list, labelled as among all classes or as among those of the list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from sslrecipes.datasets.subset_lists import describe, locate, read_subset
from sslrecipes.registry import DATASETS


@DATASETS.register_module()
class ImageSubset(BaseDataset):
    """Labelled images of a list, such as 1 % of ImageNet, or ten of its classes.

    A label is the place of the class folder among all class folders, sorted, each of which must have an image in the
    list; with ``relabel`` it is the place among the classes of the list, for heads of as many classes. Training and
    validation lists must then be of the same classes: ``tools/make_subset.py --classes-of`` sees to it.

    Args:
        data_root: Folder with one subfolder per class, such as ``data/imagenet/train``.
        subset: List file, written by ``tools/make_subset.py`` or in SimCLR's format.
        relabel: Whether the classes of the list are numbered from 0, and others don't exist.
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        DataError: The list can't be read or doesn't fit the folder (``subset_lists.locate`` tells how).
    """

    def __init__(self, data_root: str, subset: str, relabel: bool = False, **kwargs: Any) -> None:
        self.subset = subset
        self.relabel = relabel
        super().__init__(ann_file='', data_root=str(Path(data_root).expanduser()), **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images by class, in the order of the list."""
        chosen = locate(read_subset(self.subset), self.data_root, self.subset, every_class=not self.relabel)
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
