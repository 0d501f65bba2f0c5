"""Read a config file with errors that say what to change."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction

from sslrecipes.errors import ConfigError, did_you_mean

__all__ = ['DictAction', 'load_config', 'override']


def load_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Read a config and apply overrides.

    Args:
        path: Config file.
        options: Dotted keys and values, as of ``--cfg-options``.

    Raises:
        ConfigError: If the file is missing, is no valid config, or an override names an unknown key.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f'There is no config file "{path}".{did_you_mean(str(path), _neighbours(path))}')
    try:
        ast.parse(path.read_text(), filename=str(path))
        cfg = Config.fromfile(path)
    except SyntaxError as error:
        raise ConfigError(f'"{path}" is not valid Python: line {error.lineno}: {error.msg}.') from error
    except ImportError as error:
        raise ConfigError(
            f'"{path}" imports a module that is not found ({error}): put the folder that holds it on PYTHONPATH.'
        ) from error
    except (KeyError, TypeError, AttributeError, FileNotFoundError, AssertionError) as error:
        raise ConfigError(f'"{path}" can not be resolved: {error}.') from error
    if options:
        override(cfg, options)
    return cfg


def override(cfg: Config, options: dict[str, Any]) -> None:
    """Merge dotted ``options`` into ``cfg``; the parent of each key must exist, and so must a top-level key.

    Raises:
        ConfigError: Naming the unknown key and the nearest known one.
    """
    for key in options:
        node: Any = cfg
        *parents, last = key.split('.')
        for depth, name in enumerate(parents):
            node = _child(node, name, '.'.join(parents[: depth + 1]))
        if not parents:
            _child(node, last, key)
    cfg.merge_from_dict(options)


def _child(node: Any, name: str, dotted: str) -> Any:
    if isinstance(node, (list, tuple)):
        if not name.isdigit() or int(name) >= len(node):
            raise ConfigError(f'--cfg-options: "{dotted}" must be an index below {len(node)}.')
        return node[int(name)]
    keys = list(node.keys()) if hasattr(node, 'keys') else []
    if name not in keys:
        raise ConfigError(f'--cfg-options: the config has no key "{dotted}".{did_you_mean(name, keys)}')
    return node[name]


def _neighbours(path: Path) -> list[str]:
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return [str(file) for file in folder.rglob('*.py')] if folder.name else []
