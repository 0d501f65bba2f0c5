"""Read a config file, with errors that say what to change."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.data_root import apply_data_root
from sslrecipes.zoo.places import children
from sslrecipes.zoo.plain import make_plain
from sslrecipes.zoo.source import check_bases, near, shown

MISSING_MODULE = '"{path}" imports a module that is not found ({error}): put the folder that holds it on PYTHONPATH.'


def read_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Resolve a config and apply overrides; what it means is not checked, its ``custom_imports`` are not imported.

    Args:
        path: Config file.
        options: Dotted keys and values, as of ``--cfg-options``.

    Raises:
        ConfigError: If the file, or one it inherits, is missing or no valid config, or an override names an unknown
            key.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f'There is no config file "{path}".{near(path)}')
    check_bases(path)
    cfg = resolve(path)
    if options:
        override(cfg, options)
    apply_data_root(cfg)
    return cfg


def resolve(path: Path) -> Config:
    """Execute a config and what it inherits, and bring it down to plain values.

    Raises:
        ConfigError: Whatever stops it: a config is a program of the user's, and theirs to mend.
    """
    try:
        # upstream takes a file that imports numpy for one of its other kind of configs, which executes no calls
        classic = None if 'read_base' in path.read_text(encoding='utf-8') else False
        cfg = Config.fromfile(path, import_custom_modules=False, lazy_import=classic)
    except ImportError as error:
        raise ConfigError(MISSING_MODULE.format(path=_failing_line(error, path), error=error)) from error
    except SystemExit as error:
        raise ConfigError(f'"{_failing_line(error, path)}" ends the program: a config only sets options.') from error
    except Exception as error:
        raise ConfigError(f'"{_failing_line(error, path)}" can not be resolved: {_said(error)}.') from error
    make_plain(cfg)
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
        if not parents or isinstance(node, (list, tuple)):
            _child(node, last, key)
        elif not hasattr(node, 'keys'):
            raise ConfigError(f'--cfg-options: "{key}" is inside "{".".join(parents)}", which is {node!r}.')
    cfg.merge_from_dict(options)


def _child(node: Any, name: str, dotted: str) -> Any:
    if isinstance(node, (list, tuple)):
        if not name.isdigit() or int(name) >= len(node):
            raise ConfigError(f'--cfg-options: "{dotted}" must be an index below {len(node)}.')
        return node[int(name)]
    inside = {step.removeprefix('.'): value for step, value in children(node)}
    if name not in inside:
        raise ConfigError(f'--cfg-options: the config has no key "{dotted}".{did_you_mean(name, list(inside))}')
    return inside[name]


def _failing_line(error: BaseException, path: Path) -> str:
    """The config's line that raised ``error``, where it was one."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name == '<module>']
    return f'{shown(Path(frames[-1].filename))}:{frames[-1].lineno}' if frames else shown(path)


def _said(error: Exception) -> str:
    words = str(error).strip('\'"').rstrip('.')
    return words if isinstance(error, (KeyError, OSError)) and ' ' in words else f'{type(error).__name__}: {words}'
