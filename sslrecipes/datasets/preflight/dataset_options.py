"""What the config of a data set says, and what its type says where the config doesn't."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sslrecipes.errors import DataError
from sslrecipes.paths.user_paths import lack_of, lack_of_folder
from sslrecipes.registry import DATASETS


def writes_itself(cfg: Mapping[str, Any]) -> bool:
    """Tell whether a data set writes what isn't there."""
    return str(cfg['type']).rpartition('.')[-1].startswith('PhotoScenes')


def root_of(cfg: Mapping[str, Any], key: str) -> Path:
    """Return ``data_root``, which must be there."""
    root = Path(cfg.get('data_root') or '.')
    if not root.is_dir():
        raise DataError(
            f'The folder "{root}" {lack_of_folder(root)}: link your copy of the data to it or set {key}.data_root.'
        )
    return root


def annotation_file(cfg: Mapping[str, Any], key: str) -> Path:
    """Return ``ann_file`` in ``data_root``, which must be there."""
    path = root_of(cfg, key) / _text(cfg.get('ann_file'), f'{key}.ann_file')
    if not path.is_file():
        raise DataError(f'The annotation file "{path}" {lack_of(path)}: set {key}.ann_file.')
    return path


def prefix_folder(cfg: Mapping[str, Any], name: str, key: str) -> Path:
    """Return a folder of ``data_prefix`` in ``data_root``, which must be there."""
    folder = root_of(cfg, key) / _text(cfg['data_prefix'].get(name), f'{key}.data_prefix.{name}')
    if not folder.is_dir():
        raise DataError(f'The folder "{folder}" {lack_of_folder(folder)}: set {key}.data_prefix.{name}.')
    return folder


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(f'{place} is {value!r}, but must be text.')
    return value


def classes_of(cfg: Mapping[str, Any], package: str) -> Sequence[str] | None:
    """Return the classes of a data set's config or of its type; ``None`` if they aren't known here."""
    names = (cfg.get('metainfo') or {}).get('classes')
    return classes_of_type(cfg, package) if names is None else _listed_classes(names)


def classes_of_type(cfg: Mapping[str, Any], package: str) -> Sequence[str] | None:
    """Return the classes that a data set's type fixes, whatever its config selects from them."""
    return _listed_classes(getattr(type_of(cfg, package), 'METAINFO', {}).get('classes'))


def _listed_classes(names: Any) -> Sequence[str] | None:
    if isinstance(names, (int, float)):
        raise DataError(f'metainfo.classes is {names!r}, but must be a list of names.')
    return None if names is None or isinstance(names, str) else list(names)


def argument_of(cfg: Mapping[str, Any], name: str, package: str) -> Any:
    """Return an argument of a data set, or its type's default; ``None`` if the type isn't known here."""
    if name in cfg:
        return cfg[name]
    for parent in inspect.getmro(type_of(cfg, package)):
        parameter = inspect.signature(parent).parameters.get(name)
        if parameter is not None:
            return parameter.default
    return None


def type_of(cfg: Mapping[str, Any], package: str) -> type:
    """Return the class that a config names, with or without the package; this may import the package."""
    if not isinstance(cfg['type'], str):
        return cfg['type']  # type: ignore[no-any-return]
    return DATASETS.get(cfg['type']) or DATASETS.get(f'{package}.{cfg["type"]}') or object


def listed_names(names: Sequence[str], most: int = 5) -> str:
    """Write out the first names."""
    rest = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(f'"{name}"' for name in names[:most]) + rest if names else 'no class'
