"""COCO's average precision, computed by faster-coco-eval."""

from __future__ import annotations

from typing import Any

from mmdet.evaluation import FasterCocoMetric

from sslrecipes.registry import METRICS

ITEMS = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l')
"""What is reported of boxes and of masks if ``metric_items`` isn't set."""


@METRICS.register_module()
class CocoMetric(FasterCocoMetric):
    """mmdet's metric on faster-coco-eval: the numbers of pycocotools in a fraction of the time.

    It differs from mmdet's in two points. A detector that finds nothing at all, as early in a training from scratch,
    gets the precision 0 instead of none. Only the pictures that were evaluated count, so that a data set shortened by
    ``indices`` isn't charged with the objects in the others.

    Args:
        **kwargs: ``ann_file``, ``metric``, ``classwise``, ``metric_items`` ... of mmdet's ``CocoMetric``.
    """

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        """Return ``{bbox,segm}_{mAP,mAP_50,...}`` in 0..1, rounded to three digits; -1 where nothing is to be found."""
        self.img_ids = [truth['img_id'] for truth, _ in results]
        found: dict[str, float] = super().compute_metrics(results)
        if not self.format_only and not any(len(prediction['labels']) for _, prediction in results):
            names = [name for name in self.metrics if name in ('bbox', 'segm')]
            found.update({f'{name}_{item}': 0.0 for name in names for item in self.metric_items or ITEMS})
        return found
