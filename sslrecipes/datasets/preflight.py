"""Look at a data set's folders before anything is built, so that a wrong path costs a second and one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmpretrain.datasets import CustomDataset

from sslrecipes.datasets.image_folder import ImageFolder, check_unlabelled_folder, is_image, split_folders, walk_files
from sslrecipes.datasets.image_subset import ImageSubset
from sslrecipes.datasets.subset_lists import read_subset
from sslrecipes.datasets.subsets import class_folders
from sslrecipes.datasets.transfer_preflight import find_check
from sslrecipes.errors import DataError
from sslrecipes.registry import DATASETS


def check_dataset(cfg: Mapping[str, Any], key: str = 'train_dataloader.dataset') -> None:
    """Check that the files a data set config points to are there and laid out as its class expects.

    Wrappers (``dataset=...``, ``datasets=[...]``) are followed. Nothing is read completely, nothing is downloaded;
    remote roots (``s3://...``) and unknown types pass.

    Args:
        cfg: Config of a data set, e.g. ``cfg.train_dataloader.dataset``.
        key: Its place in the config file, for the message.

    Raises:
        DataError: A folder or file is missing, empty or not in the expected layout.
    """
    if 'dataset' in cfg:
        check_dataset(cfg['dataset'], f'{key}.dataset')
        return
    for number, part in enumerate(cfg.get('datasets', ())):
        check_dataset(part, f'{key}.datasets.{number}')
    if '://' in str(cfg.get('data_root', '')):
        return
    check = find_check(cfg)
    if check:
        check(cfg, key)
        return
    cls = DATASETS.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']
    if not inspect.isclass(cls):
        return
    if issubclass(cls, ImageFolder):
        check_unlabelled_folder(cfg['data_root'])
    elif issubclass(cls, ImageSubset):
        class_folders(cfg['data_root'])
        read_subset(cfg['subset'])
    elif issubclass(cls, CustomDataset):
        _check_image_classes(cls, cfg, key)
    else:
        _check_root(cls, cfg, key)


def _check_root(cls: type, cfg: Mapping[str, Any], key: str) -> None:
    """Check ``data_root`` and ``ann_file`` of a class whose layout isn't known here."""
    root = Path(cfg.get('data_root') or '.')
    default = inspect.signature(cls).parameters.get('download')
    if cfg.get('download', default.default if default else False):
        return
    expected = root / getattr(cls, 'base_folder', '')
    if not expected.is_dir():
        offer = f', or set {key}.download=True to fetch it' if default else ''
        raise DataError(f'The {cls.__name__} folder "{expected}" does not exist: set {key}.data_root{offer}.')
    _check_ann_file(root, cfg, key)


def _check_ann_file(root: Path, cfg: Mapping[str, Any], key: str) -> bool:
    """Tell whether an annotation file is asked for; raise if so and it's missing."""
    name = cfg.get('ann_file') or ''
    if name and not (root / name).is_file():
        raise DataError(f'The annotation file "{root / name}" does not exist: set {key}.ann_file.')
    return bool(name)


def _check_image_classes(cls: type[CustomDataset], cfg: Mapping[str, Any], key: str) -> None:
    """Check the folder of mmpretrain's ``CustomDataset`` or ``ImageNet``."""
    root, split = Path(cfg.get('data_root') or ''), cfg.get('split', '')
    prefix = cfg.get('data_prefix') or split
    folder = root / (prefix if isinstance(prefix, str) else prefix.get('img_path', ''))
    if not folder.is_dir():
        raise DataError(
            f'The {cls.__name__} folder "{folder}" does not exist: it must hold one subfolder per class '
            f'("{folder}/<class>/<image>"); link your copy to "{root}" or set {key}.data_root.'
        )
    annotated = _check_ann_file(root, cfg, key) or (root / 'meta' / f'{split}.txt').is_file()
    if annotated:
        return
    if not cfg.get('with_label', True) or split == 'test':
        check_unlabelled_folder(folder)
    else:
        _check_class_folders(folder, _expected_classes(cls, cfg), cls.__name__, key)


def _expected_classes(cls: type[CustomDataset], cfg: Mapping[str, Any]) -> int | None:
    """Return the number of classes that the config or the data set's class fixes."""
    names = cfg.get('classes') or {**cls.METAINFO, **cfg.get('metainfo', {})}.get('classes')
    return None if names is None or isinstance(names, str) else len(names)


def _check_class_folders(folder: Path, expected: int | None, name: str, key: str) -> None:
    """Check a folder that must hold one subfolder per class."""
    classes = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
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
    if expected not in (None, len(classes)):
        raise DataError(
            f'The {name} folder "{folder}" holds {len(classes)} class folders instead of {expected}: '
            'complete it, or use type="CustomDataset" for a subset.'
        )
    if not any(is_image(file) for _, files in walk_files(folder) for file in files):
        raise DataError(f'The {name} folder "{folder}" holds no image in its {len(classes)} class folders.')
