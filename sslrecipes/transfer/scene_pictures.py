"""Pictures with their true boxes and masks, and true semantic maps: of PhotoScenes, and of any data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from numpy.typing import NDArray

from sslrecipes.transfer.photo_scenes import PhotoScenesDetection, PhotoScenesSegmentation

_LOAD = {'type': 'LoadImageFromFile'}


def object_pictures(root: str | Path, split: str, count: int, objects: str = 'digits') -> list[NDArray[np.uint8]]:
    """Return the first pictures of a split, RGB, with their true boxes and masks drawn by mmdet."""
    with DefaultScope.overwrite_default_scope('mmdet'):
        pipeline = [_LOAD, {'type': 'LoadAnnotations', 'with_bbox': True, 'with_mask': True}]
        file = f'annotations/instances_{split}.json'
        dataset = PhotoScenesDetection(
            data_root=str(root),
            objects=objects,
            ann_file=file,
            data_prefix={'img': split},
            pipeline=pipeline,
            indices=count,
        )
    return drawn_objects(dataset)


def class_maps(root: str | Path, split: str, count: int, objects: str = 'digits') -> list[NDArray[np.uint8]]:
    """Return the first true maps of a split, RGB, see :func:`coloured`."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = PhotoScenesSegmentation(
            data_root=str(root),
            objects=objects,
            data_prefix={'img_path': split, 'seg_map_path': f'semantic/{split}'},
            pipeline=[{'type': 'LoadAnnotations'}],
            indices=count,
        )
    return drawn_maps(dataset)


def drawn_objects(dataset: Any) -> list[NDArray[np.uint8]]:
    """Draw the true boxes and masks of all samples of a data set of mmdet, which loads picture and annotations."""
    visualizer = DetLocalVisualizer()
    visualizer.dataset_meta = dataset.metainfo
    drawn = []
    for sample in dataset:
        objects = InstanceData(bboxes=sample['gt_bboxes'].tensor, labels=sample['gt_bboxes_labels'])
        if 'gt_masks' in sample:
            objects.masks = sample['gt_masks'].to_ndarray()
        picture = DetDataSample(gt_instances=objects)
        visualizer.add_datasample('scene', sample['img'][..., ::-1], picture, draw_pred=False)
        drawn.append(visualizer.get_image())
    return drawn


def drawn_maps(dataset: Any) -> list[NDArray[np.uint8]]:
    """Draw the true maps of all samples of a data set of mmseg, which loads annotations."""
    return [coloured(sample['gt_seg_map'], dataset.metainfo['palette']) for sample in dataset]


def coloured(classes: NDArray[Any], palette: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
    """Turn a map of classes ``(H, W)`` into their colours, RGB ``(H, W, 3)``; other values, up to 255, are white."""
    colours = np.full((256, 3), 255, np.uint8)
    colours[: len(palette)] = palette
    return colours[classes]
