"""Pictures that show one of their regions, with its number as the label."""

from __future__ import annotations

from typing import Any

from mmcv.transforms import BaseTransform

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.regions import REGION_CROPS, REGIONS
from sslrecipes.datasets.transforms.region_crops import refuse_empty, region_boxes
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RegionOfIndex(BaseTransform):
    """Cut out a region, in turn for the samples of a data set, and label it: can features tell where it was?

    Needs ``img`` and ``sample_idx``; sets ``img``, ``img_shape`` and ``gt_label``, 0 to R - 1.

    Args:
        regions: Number R of regions, see :class:`sslrecipes.datasets.transforms.region_crops.RegionCrops`.
        overlap: How far they reach beyond the middle, see there.

    Raises:
        ConfigError: For an option that can't be meant.
    """

    def __init__(self, regions: int = REGIONS, overlap: float = 0.3) -> None:
        refuse_bad_values('RegionOfIndex', {'regions': regions, 'overlap': overlap}, REGION_CROPS)
        self.regions = regions
        self.overlap = overlap

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace image and label.

        Raises:
            DataError: The image is so small that a region of it has no pixels.
        """
        height, width = results['img'].shape[:2]
        region = results.get('sample_idx', 0) % self.regions
        boxes = region_boxes(self.regions, width, height, self.overlap)
        refuse_empty(boxes, (width, height), f'RegionOfIndex: {results.get("img_path") or "an image"}')
        left, top, right, bottom = boxes[region]
        results['img'] = results['img'][top:bottom, left:right]
        results['img_shape'] = results['img'].shape[:2]
        results['gt_label'] = region
        return results

    def __repr__(self) -> str:
        return f'RegionOfIndex(regions={self.regions}, overlap={self.overlap})'
