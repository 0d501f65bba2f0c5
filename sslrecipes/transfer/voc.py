"""Pascal VOC as detectron2 trains on it."""

from __future__ import annotations

from typing import Any

from mmdet.datasets import VOCDataset

from sslrecipes.registry import DATASETS


@DATASETS.register_module()
class VOCTrainingSet(VOCDataset):
    """Pascal VOC whose objects marked as difficult are trained on, too, as in detectron2; mmdet ignores them.

    For training only: a test ignores difficult objects, so it needs ``VOCDataset``.

    Args:
        **kwargs: Of mmdet's ``VOCDataset``.
    """

    def _parse_instance_info(self, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        instances = super()._parse_instance_info(*args, **kwargs)
        return [{**instance, 'ignore_flag': 0} for instance in instances]
