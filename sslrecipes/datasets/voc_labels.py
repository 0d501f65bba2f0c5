"""Which objects are in the pictures of Pascal VOC: labels for multi-label classification."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mmpretrain.datasets import VOC

from sslrecipes.registry import DATASETS

#: Targets of a class in a picture.
PRESENT, ABSENT, IGNORED = 1.0, 0.0, -1.0


@DATASETS.register_module()
class VOCLabels(VOC):
    """Pascal VOC's pictures with a target ``gt_score`` (K,) for each class: 1 present, 0 absent.

    A class all of whose objects in a picture are marked difficult counts as present in training; with ``test_mode`` its
    target is -1, which the metrics of average precision pass over. mmpretrain's ``VOC`` trains on such a class as
    absent, and hands its name to the metric only where ``PackInputs`` is told to.

    Args:
        data_root: Folder of a year, such as ``data/VOCdevkit/VOC2007``.
        **kwargs: ``split``, ``pipeline``, ``test_mode`` ... of mmpretrain's ``VOC``.

    Source: ``voc_eval`` in the official code of S3L.
    """

    def _get_labels_from_xml(self, img_id: str) -> tuple[list[int], list[int]]:
        """Classes of a picture: those with an object that isn't difficult, and those of difficult objects only."""
        root = ElementTree.parse(Path(self.ann_prefix, f'{img_id}.xml'))
        certain, difficult = set[int](), set[int]()
        for thing in root.iterfind('object'):
            label = self.class_to_idx.get(thing.findtext('name'))
            if label is not None:
                (difficult if int(thing.findtext('difficult') or 0) else certain).add(label)
        return sorted(certain), sorted(difficult - certain)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the pictures in the order of the image set."""
        samples: list[dict[str, Any]] = super().load_data_list()
        for sample in samples:
            certain, difficult = sample['gt_label'], sample.pop('gt_label_difficult')
            targets = [ABSENT] * len(self.CLASSES)
            for label in certain:
                targets[label] = PRESENT
            for label in difficult:
                targets[label] = IGNORED if self.test_mode else PRESENT
            sample['gt_score'] = targets
            sample['gt_label'] = [label for label, target in enumerate(targets) if target == PRESENT]
        return samples
