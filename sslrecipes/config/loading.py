"""Load a config: resolved, checked as far as that needs no torch, and known to the messages of the tools."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from sslrecipes.config.execution import import_complaint
from sslrecipes.config.kinds import is_study
from sslrecipes.config.overrides import OptionAction, override
from sslrecipes.config.provenance import words_about
from sslrecipes.config.reading import read_config
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import ConfigError, explain_places_with

__all__ = ['OptionAction', 'import_components', 'load_config', 'override']

OURS = 'sslrecipes.'


def load_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Read a config, apply overrides, check it, and import its ``custom_imports`` (:func:`import_components` for ours).

    Errors about this config that a tool prints name the line, or the override, that set the value.

    Args:
        path: Config file.
        options: Dotted keys and values, as of ``--cfg-options``.

    Raises:
        ConfigError: If the file is missing, is no valid config, or a study, an override names an unknown key, or an
            option can't be meant.
    """
    cfg = read_config(path, options)
    if is_study(cfg):
        raise ConfigError(f'"{path}" is a study of several trainings, no recipe: give it to tools/run_study.py.')
    explain_places_with(partial(words_about, filename=path, overrides=options))
    check_schema(cfg)
    modules, how = _custom_imports(cfg)
    _import([name for name in modules if not name.startswith(OURS)], how, str(path))
    return cfg


def import_components(cfg: Config) -> None:
    """Import the rest of a config's ``custom_imports``, those of this package, which take torch and seconds.

    Raises:
        ConfigError: If one can't be imported.
    """
    _import(*_custom_imports(cfg), cfg.filename or 'config')


def _custom_imports(cfg: Config) -> tuple[list[str], dict[str, Any]]:
    """Names of the modules, and how they are imported."""
    how = dict(cfg.get('custom_imports') or {})
    modules = how.pop('imports', [])
    return [modules] if isinstance(modules, str) else list(modules), how


def _import(modules: list[str], how: dict[str, Any], where: str) -> None:
    try:
        import_modules_from_strings(modules, **how)
    except ImportError as error:
        reason = error.__context__ if isinstance(error.__context__, ImportError) else error  # which mmengine hides
        raise ConfigError(import_complaint(where, reason), 'custom_imports') from error
    except (Exception, SystemExit) as error:
        said = f'{type(error).__name__}: {error}'
        raise ConfigError(
            f'custom_imports: {" or ".join(modules)} can not be imported: {said}.', 'custom_imports'
        ) from error
