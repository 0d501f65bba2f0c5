"""What detectors and segmentors compute in a step, from shapes alone: no boxes are matched, no loss is evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from sslrecipes.commands.flops import flop_counter
from sslrecipes.config.places import value_at, walk
from sslrecipes.zoo.naming import crop_size

#: Width over height of the pictures of COCO and VOC, as most of them are.
ASPECT = 4 / 3
#: Heads that take the maps of all scales.
_DENSE_HEADS = ('decode_head', 'auxiliary_head', 'rpn_head', 'semantic_head')
_DIVISOR = 32
_PICTURES = 2  # more than one: BatchNorms of pooled maps


def picture_size(cfg: Config) -> tuple[int, int] | None:
    """Height and width of the pictures that a detector or segmentor is trained on; the middle one of several scales."""
    divisor = value_at(cfg, 'data_preprocessor.pad_size_divisor') or value_at(
        cfg, 'model.data_preprocessor.pad_size_divisor', _DIVISOR
    )
    crop = crop_size(cfg)
    if crop:
        height, width = crop if isinstance(crop, tuple) else (crop, crop)
    else:
        scales = [
            scale
            for _, node in walk(value_at(cfg, 'train_dataloader.dataset'))
            if isinstance(node, Mapping) and node.get('type') == 'RandomChoiceResize'
            for scale in node['scales']
        ]
        if not scales:
            return None
        long, height = scales[len(scales) // 2]
        width = min(long, round(height * ASPECT))
    return -(-height // divisor) * divisor, -(-width // divisor) * divisor


def dense_flops(model: Any, size: tuple[int, int]) -> float:
    """Count the operations of a step for each picture, forward and backward.

    Args:
        model: A detector or segmentor on the ``meta`` device.
        size: Height and width.
    """
    model.train()
    with flop_counter() as counter:
        outputs = _outputs(model, torch.empty(_PICTURES, 3, *size, device='meta'))
        torch.stack([tensor.sum() for tensor in outputs]).sum().backward()
    return counter.get_total_flops() / _PICTURES


def _outputs(model: Any, pictures: Tensor) -> Iterator[Tensor]:
    features = model.extract_feat(pictures)
    for name in _DENSE_HEADS:
        head = getattr(model, name, None)
        if head is not None:
            yield from _tensors(head(features))
    if getattr(model, 'roi_head', None) is not None:
        yield from _of_regions(model.roi_head, len(pictures))


def _of_regions(head: Any, pictures: int) -> Iterator[Tensor]:
    """What the heads make of as many regions as pictures have at most."""
    sampler = head.train_cfg['sampler']
    count = sampler['num'] * pictures
    boxes = _regions(head.bbox_roi_extractor, count)
    if head.with_shared_head:
        boxes = head.shared_head(boxes)
    yield from _tensors(head.bbox_head(boxes))
    if head.with_mask:
        positive = int(count * sampler['pos_fraction'])
        shared = head.mask_roi_extractor is head.bbox_roi_extractor
        yield from _tensors(head.mask_head(boxes[:positive] if shared else _regions(head.mask_roi_extractor, positive)))


def _regions(extractor: Any, count: int) -> Tensor:
    side = extractor.roi_layers[0].output_size
    height, width = side if isinstance(side, tuple) else (side, side)
    return torch.empty(count, extractor.out_channels, height, width, device='meta', requires_grad=True)


def _tensors(node: Any) -> Iterator[Tensor]:
    if isinstance(node, Tensor):
        yield node
    elif isinstance(node, (list, tuple)):
        for part in node:
            yield from _tensors(part)
