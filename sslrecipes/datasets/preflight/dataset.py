"""Look at a data set's folders before anything is built, so that a wrong path costs a second and one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from mmpretrain.datasets import VOC, CustomDataset

from sslrecipes.compat.image_names import is_image
from sslrecipes.compat.local_files import subfolders, walk
from sslrecipes.datasets.embedded import EmbeddedDataset
from sslrecipes.datasets.image_folder import ImageFolder, check_unlabelled_folder, split_folders
from sslrecipes.datasets.image_subset import ImageSubset
from sslrecipes.datasets.imagenet import ImageNet
from sslrecipes.datasets.preflight.annotation_lists import check_labelled_list, check_listed_files, read_names
from sslrecipes.datasets.preflight.dataset_options import writes_itself
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.datasets.preflight.voc_labels import check_voc_labels
from sslrecipes.datasets.subset_lists import read_subset
from sslrecipes.datasets.subsets import class_folders
from sslrecipes.errors import DataError, counted
from sslrecipes.paths.user_paths import expand_home, lack_of, lack_of_folder
from sslrecipes.registry import DATASETS

#: Checks a data set's config, at a place of the config file; returns what is odd, but may be meant.
DatasetCheck = Callable[[Mapping[str, Any], str], list[Remark]]
#: Options without which a data set of ours has no files.
_NEEDED = {'ImageFolder': ('data_root',), 'ImageSubset': ('data_root', 'subset')}


def check_dataset(
    cfg: Mapping[str, Any], key: str = 'train_dataloader.dataset', labels_count: bool = True
) -> list[Remark]:
    """Check that the files a data set config points to are there and laid out as its class expects.

    Wrappers (``dataset=...``, ``datasets=[...]``) are followed. Lists are read completely, and of segmentation maps
    a sample; nothing is downloaded. Remote roots (``s3://...``) and unknown types pass.

    Args:
        cfg: Config of a data set, e.g. ``cfg.train_dataloader.dataset``.
        key: Its place in the config file, for the message.
        labels_count: Whether anything is learnt from, or judged by, the labels.

    Returns:
        What is odd, but may be meant.

    Raises:
        DataError: A folder or file is missing, empty or not in the expected layout, or states what can't be meant.
    """
    cfg = expand_home(dict(cfg))
    if 'dataset' in cfg:
        return check_dataset(cfg['dataset'], f'{key}.dataset', labels_count)
    if 'datasets' in cfg:
        parts = enumerate(cfg['datasets'])
        return list(chain.from_iterable(check_dataset(part, f'{key}.datasets.{i}', labels_count) for i, part in parts))
    if '://' in str(cfg.get('data_root', '')):
        return []
    if check := _transfer_check(cfg):
        return check(cfg, key)
    cls = DATASETS.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']
    return _check_class(cls, cfg, key, labels_count) if inspect.isclass(cls) else []


def _check_class(cls: type, cfg: Mapping[str, Any], key: str, labels_count: bool) -> list[Remark]:
    """Check the files of a data set of mmpretrain or of this package by its class."""
    if issubclass(cls, CustomDataset):
        return _check_image_classes(cls, cfg, key, labels_count)
    if issubclass(cls, VOC):
        return check_voc_labels(cfg, key)
    if lost := [name for name in _NEEDED.get(cls.__name__, ()) if not cfg.get(name)]:
        raise DataError(f'{cls.__name__} needs {key}.{lost[0]}: set it.')
    if issubclass(cls, ImageFolder):
        check_unlabelled_folder(cfg['data_root'])
    elif issubclass(cls, ImageSubset):
        class_folders(cfg['data_root'])
        read_subset(cfg['subset'])
    else:
        _check_root(cls, cfg, key)
    return []


def _transfer_check(cfg: Mapping[str, Any]) -> DatasetCheck | None:
    """Tell a detection or segmentation data set by its keys, whatever its type is called; None for other data sets.

    Pre-trainings, which are most runs, don't import what reads the annotations of such data.
    """
    prefix = cfg.get('data_prefix')
    if not isinstance(prefix, Mapping):
        return None
    if writes_itself(cfg):
        return _check_scenes
    if 'seg_map_path' in prefix and 'sub_data_root' not in prefix:
        from sslrecipes.datasets.preflight.segmentation import check_maps

        return check_maps
    from sslrecipes.datasets.preflight.detection import check_coco, check_voc

    if 'sub_data_root' in prefix:
        return check_voc
    return check_coco if str(cfg.get('ann_file')).endswith('.json') else None


def _check_scenes(cfg: Mapping[str, Any], key: str) -> list[Remark]:
    """Check that what isn't there yet can be written."""
    from sslrecipes.datasets.photo_scenes import check_photo_scenes

    check_photo_scenes(cfg.get('data_root', ''), cfg.get('objects', 'digits'))
    return []


def _check_root(cls: type, cfg: Mapping[str, Any], key: str) -> None:
    """Check ``data_root`` and ``ann_file`` of a class whose layout isn't known here; some know it themselves."""
    root = Path(cfg.get('data_root') or '.')
    default = inspect.signature(cls).parameters.get('download')
    if cfg.get('download', default.default if default else False):
        return
    expected = root / getattr(cls, 'base_folder', '')
    if not expected.is_dir():
        offer = f', or set {key}.download=True to fetch it' if default else ''
        raise DataError(
            f'The {cls.__name__} folder "{expected}" {lack_of_folder(expected)}: set {key}.data_root{offer}.'
        )
    _check_ann_file(root, cfg, key)
    if issubclass(cls, EmbeddedDataset):
        cls.check_source(cfg)


def _check_ann_file(root: Path, cfg: Mapping[str, Any], key: str) -> Path | None:
    """Return the annotation file that is asked for; raise if it's missing."""
    name = cfg.get('ann_file') or ''
    if name and not (root / name).is_file():
        raise DataError(f'The annotation file "{root / name}" {lack_of(root / name)}: set {key}.ann_file.')
    return root / name if name else None


def _check_image_classes(
    cls: type[CustomDataset], cfg: Mapping[str, Any], key: str, labels_count: bool
) -> list[Remark]:
    """Check the folder, or the list, of mmpretrain's ``CustomDataset`` or ``ImageNet``."""
    root, split = Path(cfg.get('data_root') or ''), cfg.get('split') or ''
    prefix = cfg.get('data_prefix') or split
    folder = root / (prefix if isinstance(prefix, str) else prefix.get('img_path', ''))
    if not folder.is_dir():
        raise DataError(
            f'The {cls.__name__} folder "{folder}" {lack_of_folder(folder)}: it must hold one subfolder per class '
            f'("{folder}/<class>/<image>"); link your copy to "{root}" or set {key}.data_root.'
        )
    found_by_itself = root / 'meta' / f'{split}.txt'
    listed = _check_ann_file(root, cfg, key) or (found_by_itself if split and found_by_itself.is_file() else None)
    labelled = cfg.get('with_label', True) and split != 'test'
    if listed and labelled:
        return check_labelled_list(listed, folder, _expected_classes(cls, cfg, key), key)
    if listed:
        check_listed_files(listed, folder, read_names(listed, f'{key}.ann_file'), f'{key}.data_prefix')
    elif labelled:
        return _check_class_folders(cls, cfg, key, folder, labels_count)
    else:
        check_unlabelled_folder(folder)
    return []


def _check_class_folders(
    cls: type[CustomDataset], cfg: Mapping[str, Any], key: str, folder: Path, labels_count: bool
) -> list[Remark]:
    """Check a folder whose subfolders are the classes, and tell which images are in none of them."""
    expected, found = _expected_classes(cls, cfg, key), _count_class_folders(folder, cls.__name__, key)
    text = f'The {cls.__name__} folder "{folder}" holds {counted(found, "class folder")} instead of {expected}'
    part = not labels_count and issubclass(cls, ImageNet) and found < len(cls.METAINFO['classes']) == expected
    if expected not in (None, found) and not part:
        raise DataError(f'{text}: complete it, or use type="CustomDataset" for a subset.')
    remarks = [Remark(f'{text}: this training needs no labels, so it takes them as they are.')] if part else []
    if beside := [name for name in next(walk(folder))[1] if is_image(name)]:
        number = counted(len(beside), 'image')
        remarks.append(Remark(f'"{folder}": {number} beside the class folders left out ("{beside[0]}").'))
    return remarks


def _expected_classes(cls: type[CustomDataset], cfg: Mapping[str, Any], key: str) -> int | None:
    """Return the number of classes that the config, a list of names or the data set's class fixes."""
    names = cfg.get('classes') or {**cls.METAINFO, **(cfg.get('metainfo') or {})}.get('classes')
    if isinstance(names, str):
        path = Path(names).expanduser()
        if not path.is_file():
            raise DataError(f'The list of classes "{names}" {lack_of(path)}: set {key}.classes.')
        names = read_names(path, f'{key}.classes', of_files=False)
    return None if names is None else len(names)


def _count_class_folders(folder: Path, name: str, key: str) -> int:
    """Check a folder that must hold one subfolder per class, and count them."""
    classes, _ = subfolders(folder)
    splits = split_folders(folder)
    if splits:
        raise DataError(
            f'The {name} folder "{folder}" holds the splits {" and ".join(splits)}, which would be taken for classes: '
            f'set {key}.data_prefix={splits[0]}.'
        )
    if not classes:
        raise DataError(
            f'The {name} folder "{folder}" holds no class folders: put the images into one subfolder per class, '
            'or use type="ImageFolder" for images without labels.'
        )
    hidden = [entry for entry in classes if entry.startswith('.')]
    if hidden:
        raise DataError(f'The hidden folder "{folder / hidden[0]}" would be taken for a class: remove it.')
    if not any(is_image(file) for _, files in walk(folder) for file in files):
        raise DataError(f'The {name} folder "{folder}" holds no image in its {counted(len(classes), "class folder")}.')
    return len(classes)
