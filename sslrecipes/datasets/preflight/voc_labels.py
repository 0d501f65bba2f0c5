"""Look at the files of Pascal VOC for classification, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslrecipes.datasets.preflight.annotation_lists import check_listed_files, read_names
from sslrecipes.datasets.preflight.dataset_options import classes_of, root_of
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.datasets.preflight.voc_annotations import check_voc_files
from sslrecipes.errors import DataError
from sslrecipes.paths.user_paths import lack_of

_FOLDERS = {'img_path': ('JPEGImages', '.jpg'), 'ann_path': ('Annotations', '.xml')}


def check_voc_labels(cfg: Mapping[str, Any], key: str) -> list[Remark]:
    """Check the image set, and that each of its pictures and annotation files is there and can be meant.

    Args:
        cfg: Config of mmpretrain's ``VOC`` or of ``VOCLabels``.
        key: Its place in the config.

    Returns:
        What is odd, but may be meant.

    Raises:
        DataError: A file is missing or damaged, states what can't be meant, or a training asks for targets of a test.
    """
    if cfg.get('test_mode') and key.startswith('train_dataloader') and str(cfg['type']).endswith('VOCLabels'):
        raise DataError(f'{key}.test_mode marks difficult objects by targets of -1, which no loss takes: leave it out.')
    root = root_of(cfg, key)
    image_set = root / (cfg.get('image_set_path') or f'ImageSets/Main/{cfg.get("split", "trainval")}.txt')
    if not image_set.is_file():
        raise DataError(
            f'The image set "{image_set}" {lack_of(image_set)}: set {key}.data_root to the folder of a year, such as '
            f'"data/VOCdevkit/VOC2007", and {key}.split to train, val, trainval or test.'
        )
    names = read_names(image_set, f'{key}.split')
    prefix = cfg.get('data_prefix') or {}
    prefix = prefix if isinstance(prefix, Mapping) else {'img_path': prefix}
    for part, (folder, suffix) in _FOLDERS.items():
        files = (f'{name}{suffix}' for name in names)
        check_listed_files(image_set, root / prefix.get(part, folder), files, f'{key}.data_root', 'file')
    notes = root / prefix.get('ann_path', _FOLDERS['ann_path'][0])
    return check_voc_files([notes / f'{name}.xml' for name in names], classes_of(cfg, 'mmpretrain'), key)
