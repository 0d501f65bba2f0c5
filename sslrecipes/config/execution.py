"""Execute a config file, with errors that say what to change."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from mmengine.config import Config

from sslrecipes.config.default_hooks import name_classes
from sslrecipes.config.knn_bank import fill_banks
from sslrecipes.config.plain import make_plain
from sslrecipes.config.source import shown
from sslrecipes.errors import ConfigError
from sslrecipes.paths.user_paths import expand_home


def resolve(path: Path) -> Config:
    """Execute a config and what it inherits, and bring it down to plain values, ``~`` in paths replaced.

    Raises:
        ConfigError: Whatever stops it: a config is a program of the user's, and theirs to mend.
    """
    try:
        # upstream takes a file that imports numpy for one of its other kind of configs, which executes no calls
        classic = None if 'read_base' in path.read_text(encoding='utf-8-sig') else False
        cfg = Config.fromfile(path, import_custom_modules=False, lazy_import=classic)
    except ImportError as error:
        raise ConfigError(import_complaint(_failing_line(error, path), error)) from error
    except SystemExit as error:
        raise ConfigError(f'"{_failing_line(error, path)}" ends the program: a config only sets options.') from error
    except Exception as error:
        raise ConfigError(f'"{_failing_line(error, path)}" can not be resolved: {_said(error)}.') from error
    make_plain(cfg)
    expand_home(cfg)
    fill_banks(cfg)
    name_classes(cfg)
    return cfg


def import_complaint(where: str, error: ImportError) -> str:
    """Say why the config at ``where`` can't import something: it is not found, not in there, or fails itself."""
    if not isinstance(error, ModuleNotFoundError):
        return f'"{where}" can not import: {error}.'
    package, _, module = (error.name or '').rpartition('.')
    if package in sys.modules:
        return f'"{where}" imports a module that is not found: {package} has no module "{module}".'
    return (
        f'"{where}" imports a module that is not found ({error}): install it, or put the folder that holds it on '
        'PYTHONPATH.'
    )


def _failing_line(error: BaseException, path: Path) -> str:
    """The config's line that raised ``error``, where it was one."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name == '<module>']
    return f'{shown(Path(frames[-1].filename))}:{frames[-1].lineno}' if frames else shown(path)


def _said(error: Exception) -> str:
    words = (str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)).rstrip('.')
    if isinstance(error, TypeError) and words.startswith('cannot pickle'):
        words += ', which a name of the file still holds: delete it at the end with del'
    return words if isinstance(error, (KeyError, OSError)) and ' ' in words else f'{type(error).__name__}: {words}'
