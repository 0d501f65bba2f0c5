"""Look at the folders of detection data before mmdet does, which fails late or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslrecipes.datasets.preflight.annotation_lists import check_listed_files, read_names
from sslrecipes.datasets.preflight.coco_annotations import check_annotations, read_categories, read_images
from sslrecipes.datasets.preflight.coco_head import CocoHead, open_coco
from sslrecipes.datasets.preflight.dataset_options import annotation_file, classes_of, listed_names, prefix_folder
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.datasets.preflight.voc_annotations import check_voc_files
from sslrecipes.errors import DataError, did_you_mean

_VOC_FOLDERS = {'JPEGImages': '.jpg', 'Annotations': '.xml'}


def check_coco(cfg: Mapping[str, Any], key: str) -> list[Remark]:
    """Check a COCO file, its categories, every annotation, and that its images are there."""
    annotations = annotation_file(cfg, key)
    folders = {name: prefix_folder(cfg, name, key) for name in cfg['data_prefix']}
    with open_coco(annotations) as head:
        if not head.first('images', 1):
            raise DataError(f'The annotation file "{annotations}" lists no image: set {key}.ann_file.')
        if not head.first('annotations', 1):
            raise DataError(f'The annotation file "{annotations}" has no annotations: set {key}.ann_file.')
        check_categories(head, cfg, key)
        images = read_images(head, sizes=True)
        masks = any(step.get('with_mask') for step in cfg.get('pipeline') or () if isinstance(step, Mapping))
        remarks = check_annotations(head, images, classes_of(cfg, 'mmdet'), masks)
    check_listed_files(annotations, folders['img'], (image.name for image in images.values()), f'{key}.data_prefix.img')
    return remarks


def check_categories(head: CocoHead, cfg: Mapping[str, Any], key: str) -> None:
    """Check that each class is a category of the file, in its order: mmdet drops and renumbers without a word."""
    names = list(read_categories(head).values())
    classes = classes_of(cfg, 'mmdet') or names
    lost = [name for name in classes if name not in names]
    if lost:
        raise DataError(
            f'The annotation file "{head.path}" has no category "{lost[0]}", but {listed_names(names)}: '
            f'set {key}.metainfo.classes to the names in the file.{did_you_mean(lost[0], names)}'
        )
    if list(classes) != [name for name in names if name in classes]:
        raise DataError(
            f'The annotation file "{head.path}" lists {listed_names(names)}, which mmdet numbers in this order: '
            f'put {key}.metainfo.classes into the same order.'
        )


def check_voc(cfg: Mapping[str, Any], key: str) -> list[Remark]:
    """Check a list of names and their files, and every annotation."""
    listed = annotation_file(cfg, key)
    folder = prefix_folder(cfg, 'sub_data_root', key)
    names = read_names(listed, f'{key}.ann_file')
    for part, suffix in _VOC_FOLDERS.items():
        files = (f'{part}/{name}{suffix}' for name in names)
        check_listed_files(listed, folder, files, f'{key}.data_prefix.sub_data_root', 'file')
    return check_voc_files([folder / 'Annotations' / f'{name}.xml' for name in names], classes_of(cfg, 'mmdet'), key)
