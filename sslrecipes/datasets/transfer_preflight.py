"""Look at the folders of detection and segmentation data before mmdet and mmseg do, which fail late or not at all."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sslrecipes.datasets.coco_head import CocoHead, open_coco
from sslrecipes.errors import DataError, did_you_mean
from sslrecipes.registry import DATASETS

_LOOKS = 3
_VOC_FOLDERS = {'JPEGImages': '.jpg', 'Annotations': '.xml'}


def find_check(cfg: Mapping[str, Any]) -> Callable[[Mapping[str, Any], str], None] | None:
    """Tell a detection or segmentation data set by its keys, whatever its type is called.

    Args:
        cfg: Config of a data set.

    Returns:
        The check, to be called with the config and its place; ``None`` for other data sets.
    """
    prefix = cfg.get('data_prefix')
    if not isinstance(prefix, Mapping):
        return None
    if str(cfg['type']).rpartition('.')[-1].startswith('PhotoScenes'):
        return lambda cfg, key: None  # writes what isn't there
    if 'sub_data_root' in prefix:
        return _check_voc
    if 'seg_map_path' in prefix:
        return _check_maps
    return _check_coco if str(cfg.get('ann_file')).endswith('.json') else None


def _check_coco(cfg: Mapping[str, Any], key: str) -> None:
    """Check a COCO file, its categories and its first images."""
    annotations = _annotation_file(cfg, key)
    folders = {name: _folder(cfg, name, key) for name in cfg['data_prefix']}
    with open_coco(annotations) as head:
        images = head.first('images', _LOOKS)
        if not images:
            raise DataError(f'The annotation file "{annotations}" lists no image: set {key}.ann_file.')
        if not head.first('annotations', 1):
            raise DataError(f'The annotation file "{annotations}" has no annotations: set {key}.ann_file.')
        _check_categories(head, cfg, key)
    for image in images:
        _check_file(folders['img'] / image['file_name'], 'image', annotations, f'{key}.data_prefix.img')


def _check_categories(head: CocoHead, cfg: Mapping[str, Any], key: str) -> None:
    """Check that each class is a category of the file, in its order: mmdet drops and renumbers without a word."""
    names = [str(category['name']) for category in head.first('categories', 100_000)]
    classes = _classes(cfg, 'mmdet') or names
    lost = [name for name in classes if name not in names]
    if lost:
        raise DataError(
            f'The annotation file "{head.path}" has no category "{lost[0]}", but {_listed(names)}: '
            f'set {key}.metainfo.classes to the names in the file.{did_you_mean(lost[0], names)}'
        )
    if list(classes) != [name for name in names if name in classes]:
        raise DataError(
            f'The annotation file "{head.path}" lists {_listed(names)}, which mmdet numbers in this order: '
            f'put {key}.metainfo.classes into the same order.'
        )


def _check_voc(cfg: Mapping[str, Any], key: str) -> None:
    """Check a list of names, the first pictures and boxes that it names, and that some of their classes are known."""
    listed = _annotation_file(cfg, key)
    folder = _folder(cfg, 'sub_data_root', key)
    names = listed.read_text().split()
    if not names:
        raise DataError(f'The annotation file "{listed}" is empty: set {key}.ann_file.')
    for name in names[:_LOOKS]:
        for part, suffix in _VOC_FOLDERS.items():
            _check_file(folder / part / f'{name}{suffix}', 'file', listed, f'{key}.data_prefix.sub_data_root')
    files = [folder / 'Annotations' / f'{name}.xml' for name in names[:_LOOKS]]
    found = {name for file in files for name in _object_names(file)}
    if not found & set(_classes(cfg, 'mmdet') or found):
        raise DataError(f'"{files[0]}" and the next boxes are of {_listed(sorted(found))}: set {key}.metainfo.classes.')


def _object_names(path: Path) -> list[str]:
    try:
        return [str(name.text) for name in ElementTree.parse(path).iterfind('object/name')]
    except ElementTree.ParseError:
        raise DataError(f'The annotation file "{path}" is damaged or not XML.') from None


def _check_maps(cfg: Mapping[str, Any], key: str) -> None:
    """Check the folders of pictures and maps, and that the first picture has a map."""
    images, maps = (_folder(cfg, name, key) for name in ('img_path', 'seg_map_path'))
    suffix, map_suffix = (_argument(cfg, name, 'mmseg') for name in ('img_suffix', 'seg_map_suffix'))
    if suffix is None or map_suffix is None:
        return
    if cfg.get('ann_file'):
        listed = _annotation_file(cfg, key)
        names = listed.read_text().split()
        image = images / f'{names[0]}{suffix}' if names else None
        if image:
            _check_file(image, 'image', listed, f'{key}.data_prefix.img_path')
    else:
        image = _first_file(images, suffix)
    if image is None:
        raise DataError(f'There is no image "*{suffix}" for {key} in "{images}": set {key}.data_prefix.img_path.')
    name = str(image.relative_to(images)).removesuffix(suffix) + map_suffix
    _check_file(maps / name, 'segmentation map', image, f'{key}.data_prefix.seg_map_path')


def _annotation_file(cfg: Mapping[str, Any], key: str) -> Path:
    root = _root(cfg, key)
    path = root / cfg['ann_file']
    if not path.is_file():
        raise DataError(f'The annotation file "{path}" does not exist: set {key}.ann_file.')
    return path


def _root(cfg: Mapping[str, Any], key: str) -> Path:
    root = Path(cfg.get('data_root') or '.')
    if not root.is_dir():
        raise DataError(f'The folder "{root}" does not exist: link your copy of the data to it or set {key}.data_root.')
    return root


def _folder(cfg: Mapping[str, Any], name: str, key: str) -> Path:
    folder = _root(cfg, key) / cfg['data_prefix'][name]
    if not folder.is_dir():
        raise DataError(f'The folder "{folder}" does not exist: set {key}.data_prefix.{name}.')
    return folder


def _check_file(path: Path, what: str, origin: Path, setting: str) -> None:
    if not path.is_file():
        raise DataError(f'The {what} "{path}", which belongs to "{origin}", does not exist: set {setting}.')


def _first_file(folder: Path, suffix: str) -> Path | None:
    for parent, subfolders, names in os.walk(folder, followlinks=True):
        subfolders.sort()
        for name in sorted(names):
            if name.endswith(suffix):
                return Path(parent) / name
    return None


def _listed(names: Sequence[str], most: int = 5) -> str:
    """Write out the first names."""
    rest = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(f'"{name}"' for name in names[:most]) + rest if names else 'no class'


def _classes(cfg: Mapping[str, Any], package: str) -> Sequence[str] | None:
    """Return the classes of a data set's config or of its type; ``None`` if they aren't known here."""
    names = (cfg.get('metainfo') or {}).get('classes')
    if names is None:
        names = getattr(_type(cfg, package), 'METAINFO', {}).get('classes')
    return None if names is None or isinstance(names, str) else list(names)


def _argument(cfg: Mapping[str, Any], name: str, package: str) -> str | None:
    """Return an argument of a data set, or its type's default; ``None`` if the type isn't known here."""
    if name in cfg:
        return str(cfg[name])
    for parent in inspect.getmro(_type(cfg, package)):
        parameter = inspect.signature(parent).parameters.get(name)
        if parameter is not None:
            return str(parameter.default)
    return None


def _type(cfg: Mapping[str, Any], package: str) -> type:
    """Return the class that a config names, with or without the package; this may import the package."""
    if not isinstance(cfg['type'], str):
        return cfg['type']  # type: ignore[no-any-return]
    return DATASETS.get(cfg['type']) or DATASETS.get(f'{package}.{cfg["type"]}') or object
