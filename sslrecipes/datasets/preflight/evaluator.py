"""Compare the COCO file of an evaluator with the data set whose predictions it judges, before anything is predicted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sslrecipes.datasets.preflight.coco_annotations import check_annotations, read_images
from sslrecipes.datasets.preflight.coco_head import open_coco
from sslrecipes.datasets.preflight.dataset_options import classes_of, writes_itself
from sslrecipes.datasets.preflight.detection import check_categories
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.errors import DataError
from sslrecipes.paths.user_paths import lack_of

#: Larger files aren't read for the names of their images; COCO's validation file has 20 MB.
MOST_BYTES = 64 << 20


def check_evaluator(metric: Mapping[str, Any], dataset: Mapping[str, Any], place: str, key: str) -> list[Remark]:
    """Check the annotation file of a metric such as ``CocoMetric``.

    Args:
        metric: Config of the metric; without an ``ann_file`` in COCO's format, nothing is checked.
        dataset: Config of the data set that is evaluated.
        place: Place of the metric in the config.
        key: Place of the data set in the config.

    Returns:
        What is odd, but may be meant.

    Raises:
        DataError: The file is missing or damaged, has other categories or images than the data set, or annotations that
            can't be meant.
    """
    name = str(metric.get('ann_file') or '')
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    if not name.endswith('.json') or '://' in name or writes_itself(dataset):
        return []
    path = Path(name).expanduser()
    if not path.is_file():
        raise DataError(f'The annotation file "{path}" {lack_of(path)}: set {place}.ann_file.', f'{place}.ann_file')
    own = Path(dataset.get('data_root') or '.').expanduser() / str(dataset.get('ann_file') or '')
    if own.is_file() and own.samefile(path):
        return []
    with open_coco(path) as head:
        check_categories(head, dataset, key)
        masks = 'segm' in (metric.get('metric') or ())
        images = read_images(head, sizes=masks)
        remarks = check_annotations(head, images, classes_of(dataset, 'mmdet'), masks)
    if own.suffix == '.json' and own.is_file() and max(own.stat().st_size, path.stat().st_size) < MOST_BYTES:
        lost = sorted(_images(own) - _images(path))
        if lost:
            raise DataError(
                f'The annotation file "{path}" of {place} has no image {lost[0][0]} ("{lost[0][1]}"), which "{own}" '
                f'has: set {place}.ann_file to the file of the data set.',
                f'{place}.ann_file',
            )
    return remarks


def _images(path: Path) -> set[tuple[Any, str]]:
    try:
        return {(image['id'], str(image.get('file_name'))) for image in json.loads(path.read_bytes())['images']}
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f'The annotation file "{path}" is damaged or not in COCO\'s format: {error}.') from error
