"""Read a config: files merged, overrides applied, data where ``data_root`` and pictures as ``image_size`` says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.config.data_root import moved_paths
from sslrecipes.config.execution import resolve
from sslrecipes.config.history import Level, Setting, history, with_options
from sslrecipes.config.image_size import sized_places
from sslrecipes.config.image_size.order import check_last_word, decided_by
from sslrecipes.config.left_out_hooks import check_left_out
from sslrecipes.config.overrides import override
from sslrecipes.config.places import set_values, top_of, walk
from sslrecipes.config.plain import make_plain
from sslrecipes.config.source import lineage, near
from sslrecipes.config.variables import check_variables, may_be_variable, sets_variables
from sslrecipes.errors import ConfigError
from sslrecipes.paths.user_paths import expand_home, user_file


def read_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Resolve a config and apply overrides; what it means is not checked, its ``custom_imports`` are not imported.

    Args:
        path: Config file.
        options: Dotted keys and values, as of ``--cfg-options``.

    Raises:
        ConfigError: If the file, or one it inherits, is missing or no valid config, an override names an unknown key,
            or one of them has no effect.
    """
    path = user_file(str(path))
    cfg, given = merge(path, options or {})
    may_move = any(may_be_variable(top_of(place)) for place in given) or sets_variables(lineage(path))
    if may_move or sized_places(cfg):
        settle(path, cfg, given)
    return cfg


def settle(path: Path, cfg: Config, given: Mapping[str, Any]) -> dict[str, Setting]:
    """Let ``data_root`` and ``image_size`` reach what was written before them, see :func:`merge`.

    Returns:
        Every place with its value and who set it; containers still hold what they held before.

    Raises:
        ConfigError: If one of them, or a name, is set without effect.
    """
    levels = checked_history(path, cfg, given)
    moved = moved_paths(levels)
    set_values(cfg, {place: setting.value for place, setting in moved.items()})
    sizes = sized_places(cfg)
    check_last_word(levels, sizes)
    set_values(cfg, sizes)
    inside = ((place, *inner) for place, value in sizes.items() for inner in walk(value, place))
    sized = {inner: Setting(value, decided_by(place, levels).origin) for place, inner, value in inside}
    return {**levels[-1].settings, **moved, **sized}


def checked_history(path: Path, cfg: Config, given: Mapping[str, Any]) -> list[Level]:
    """Follow a config and its overrides, see :func:`merge`, through its files.

    Raises:
        ConfigError: If a file or an override sets a name without effect.
    """
    levels = history(path)
    check_variables(levels, given)
    return with_options(levels, cfg, given)


def merge(path: Path, options: Mapping[str, Any]) -> tuple[Config, dict[str, Any]]:
    """Merge a config with its bases and with overrides, and return it with the places that these set, and to what.

    Raises:
        ConfigError: As for :func:`read_config`.
    """
    if path.exists() and not path.is_file():
        raise ConfigError(f'The config "{path}" is no regular file.')
    if not path.is_file():
        raise ConfigError(f'There is no config file "{path}".{near(path)}')
    lineage(path)
    cfg = resolve(path)
    given = override(cfg, options)
    make_plain(cfg)
    check_left_out(cfg, partial(history, path))
    return expand_home(cfg), expand_home(given)
