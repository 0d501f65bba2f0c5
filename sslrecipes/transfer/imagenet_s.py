"""ImageNet-S: semantic segmentation of ImageNet's classes (https://arxiv.org/abs/2106.03149)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.fileio import get
from mmseg.datasets import BaseSegDataset
from numpy.typing import NDArray
from PIL import Image

from sslrecipes.compat.local_files import subfolders
from sslrecipes.errors import ConfigError, DataError, counted
from sslrecipes.registry import DATASETS, TRANSFORMS

SUBSETS = (50, 300, 919)
"""Numbers of classes, without the one of everything else."""
IGNORED = 1000
"""Value of the pixels that are not judged; mmseg's 255 is a class here."""


@DATASETS.register_module()
class ImageNetS(BaseSegDataset):
    """ImageNet-S in its official layout: ``{train-semi,validation}[-segmentation]/<wordnet id>/*``.

    Class 0 is everything else; the others are the folders of ``train-semi`` in alphabetical order, from 1 on. Heads and
    metrics need ``ignore_index=1000``.

    Args:
        data_root: One of the folders ``ImageNetS50``, ``ImageNetS300`` and ``ImageNetS919``.
        subset: 50, 300 or 919.
        img_suffix: How the pictures' names end.
        **kwargs: Of mmseg's ``BaseSegDataset``.

    Raises:
        ConfigError: Another ``subset``.
        DataError: ``train-semi`` hasn't as many folders.
    """

    def __init__(self, data_root: str, subset: int = 919, img_suffix: str = '.JPEG', **kwargs: Any) -> None:
        if subset not in SUBSETS:
            raise ConfigError(f'ImageNetS has the subsets 50, 300 and 919, not {subset}.')
        self.ids = class_ids(Path(data_root), subset)
        super().__init__(
            data_root=data_root,
            metainfo={'classes': ('other', *self.ids)},
            img_suffix=img_suffix,
            ignore_index=IGNORED,
            **kwargs,
        )


def class_ids(root: Path, subset: int) -> list[str]:
    """Return the WordNet ids of classes 1, 2, ...: the sorted names of the folders in ``train-semi``."""
    folder = root / 'train-semi'
    ids = subfolders(folder)[0] if folder.is_dir() else []
    if len(ids) != subset:
        raise DataError(
            f'The ImageNet-S folder "{folder}" holds {counted(len(ids), "class folder")} instead of {subset}: '
            'set data_root to the folder of that subset.'
        )
    return ids


@TRANSFORMS.register_module()
class LoadImageNetSAnnotations(BaseTransform):
    """Read a segmentation map of ImageNet-S, whose class is red + 256 * green.

    A map larger than ``ori_shape``, see :class:`LimitArea`, takes the nearest pixel's class.

    Required keys: ``seg_map_path``, ``ori_shape``. Added: ``gt_seg_map`` ``(H, W)`` int16, its name in ``seg_fields``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the map."""
        height, width = results['ori_shape']
        classes = read_map(get(results['seg_map_path']))
        if classes.shape != (height, width):
            classes = cv2.resize(classes, (width, height), interpolation=cv2.INTER_NEAREST)
        results['gt_seg_map'] = classes
        results['seg_fields'].append('gt_seg_map')
        return results


def read_map(data: bytes) -> NDArray[np.int16]:
    """Decode a PNG of ImageNet-S to classes ``(H, W)``."""
    pixels = np.asarray(Image.open(BytesIO(data)).convert('RGB'), np.int16)
    return pixels[..., 0] + 256 * pixels[..., 1]


@TRANSFORMS.register_module()
class LimitArea(BaseTransform):
    """Shrink large pictures before a test.

    Scores of 920 classes at the size of ImageNet's largest pictures wouldn't fit into memory. The official test, too,
    takes the classes at no more than 1000 x 1000 pixels; it then enlarges them, where here the map is shrunk.

    Changed keys: ``img``, ``img_shape``, ``ori_shape``.

    Args:
        area: Most pixels of a picture.
    """

    def __init__(self, area: int = 1_000_000) -> None:
        self.area = area

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Keep the aspect ratio."""
        height, width = results['img'].shape[:2]
        shrink = (self.area / (height * width)) ** 0.5
        if shrink < 1:
            size = (int(width * shrink), int(height * shrink))
            results['img'] = cv2.resize(results['img'], size, interpolation=cv2.INTER_AREA)
            results['img_shape'] = results['ori_shape'] = size[::-1]
        return results
