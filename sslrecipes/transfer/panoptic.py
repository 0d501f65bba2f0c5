"""What mmdet's panoptic data and metric take from panopticapi, which is on no package index.

A segment's number is written to PNGs as red + 256 * green + 256^2 * blue (https://cocodataset.org/#format-data); the
panoptic quality is that of https://arxiv.org/abs/1801.00868. An installed panopticapi is left alone.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmdet.datasets import transforms
from mmdet.evaluation import metrics
from mmdet.evaluation.functional import panoptic_utils
from mmdet.evaluation.metrics import coco_panoptic_metric
from numpy.typing import NDArray

from sslrecipes.registry import METRICS, TRANSFORMS

VOID = 0
"""Number of what belongs to no segment."""


def rgb2id(colours: NDArray[Any]) -> NDArray[np.int64]:
    """Turn colours ``(H, W, 3)`` into numbers of segments ``(H, W)``."""
    return colours.astype(np.int64) @ np.array([1, 256, 256**2])


def id2rgb(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Turn numbers of segments ``(H, W)`` into colours ``(H, W, 3)``."""
    return (numbers[..., None] // np.array([1, 256, 256**2]) % 256).astype(np.uint8)


@dataclass
class Matches:
    """Segments of a category: found, false, missed, and the summed overlap (IoU) of those found."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    iou: float = 0.0

    def qualities(self) -> dict[str, float]:
        """Return panoptic quality, its factors segmentation and recognition quality: zeros if nothing was found."""
        segmentation = self.iou / self.tp if self.tp else 0.0
        recognition = self.tp / (self.tp + self.fp / 2 + self.fn / 2) if self.tp else 0.0
        return {'pq': segmentation * recognition, 'sq': segmentation, 'rq': recognition}


class PQStat:
    """Matches by category, as mmdet fills them in."""

    def __init__(self) -> None:
        self.matches: dict[int, Matches] = defaultdict(Matches)

    def __getitem__(self, category: int) -> Matches:
        return self.matches[category]

    def __iadd__(self, other: PQStat) -> PQStat:
        for category, new in other.matches.items():
            sums = {name: value + getattr(self[category], name) for name, value in vars(new).items()}
            self.matches[category] = Matches(**sums)
        return self

    def pq_average(
        self, categories: Mapping[int, Mapping[str, Any]], isthing: bool | None = None
    ) -> tuple[dict[str, float], dict[int, dict[str, float]]]:
        """Average over the categories that occur.

        Args:
            categories: Number -> COCO's entry.
            isthing: Whether only things (True) or only stuff (False) count.

        Returns:
            Means and the number of categories, ``{'pq', 'sq', 'rq', 'n'}``; ``{'pq', 'sq', 'rq'}`` of each category.
        """
        counted = [number for number, entry in categories.items() if isthing in (None, bool(entry['isthing']))]
        single = {number: self[number].qualities() for number in counted}
        occurring = [single[number] for number in counted if self[number] != Matches()]
        means = {key: float(np.mean([one[key] for one in occurring] or 0)) for key in ('pq', 'sq', 'rq')}
        return {**means, 'n': len(occurring)}, single


def _fill_in(module: Any, **names: Any) -> None:
    """Give a module of mmdet what it failed to import."""
    for name, value in names.items():
        if getattr(module, name) is None:
            setattr(module, name, value)


_fill_in(panoptic_utils, PQStat=PQStat, rgb2id=rgb2id)
_fill_in(
    coco_panoptic_metric,
    panopticapi=sys.modules[__name__],
    VOID=VOID,
    PQStat=PQStat,
    id2rgb=id2rgb,
    rgb2id=rgb2id,
)


@TRANSFORMS.register_module()
class LoadPanopticAnnotations(transforms.LoadPanopticAnnotations):
    """mmdet's transform: boxes, labels, masks and semantic map from a panoptic PNG."""

    def __init__(self) -> None:
        transforms.LoadAnnotations.__init__(self, with_bbox=True, with_label=True, with_mask=True, with_seg=True)
        self.rgb2id = rgb2id


@METRICS.register_module()
class CocoPanopticMetric(metrics.CocoPanopticMetric):
    """mmdet's metric under a name that brings this module along."""
