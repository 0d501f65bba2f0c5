"""ImageNet, whole or in part."""

from __future__ import annotations

from typing import Any

from mmpretrain.datasets import ImageNet as WholeImageNet
from mmpretrain.datasets.custom import find_folders

from sslrecipes.registry import DATASETS


@DATASETS.register_module()
class ImageNet(WholeImageNet):
    """mmpretrain's ``ImageNet``, which may have fewer class folders, as ImageNet-100 has, if labels don't count.

    The classes are then named by the folders, and labels count them. ``check_dataset`` refuses such a folder where
    labels count; mmpretrain's refuses it always.

    Args:
        **kwargs: ``data_root``, ``split``, ``pipeline`` ... of mmpretrain's ``ImageNet``.
    """

    def _find_samples(self) -> Any:
        if self.with_label and self.METAINFO['classes'] == self.CLASSES:
            folders, _ = find_folders(self.img_prefix)
            if 0 < len(folders) < len(self.CLASSES):
                self._metainfo['classes'] = tuple(folders)
        return super()._find_samples()
