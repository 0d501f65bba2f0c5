"""One place to say where the data is: a ``data_root`` at the top of a config reaches loaders and evaluators.

A base writes it into them as it is read; one that an inheriting config or an override sets comes too late for that, so
the paths are moved afterwards. The later setter wins: a loader that was given its own folder keeps it until a later
file, or the command line, sets ``data_root`` anew; of one file, or one command line, the more specific key counts. A
file that itself reads the ``data_root`` that it sets has a variable of that name, and moves nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslrecipes.config.history import OPTION, Level, Setting
from sslrecipes.config.places import key_of
from sslrecipes.errors import ConfigError

KEY = 'data_root'
#: Where loaders and evaluators stand.
PLACES = (
    *('train_dataloader', 'val_dataloader', 'test_dataloader', 'val_evaluator', 'test_evaluator'),
    *('train_cfg', 'val_cfg', 'test_cfg', 'custom_hooks'),
)
#: Level of a folder that no ``data_root`` at the top named.
_UNNAMED = -1

#: Each path of loaders and evaluators, by its place.
Paths = dict[str, str]


def moved_paths(levels: list[Level]) -> dict[str, Setting]:
    """Find the paths that are elsewhere because ``data_root`` was set after them.

    Args:
        levels: The config after each of its files, the overrides last.

    Returns:
        New values of places, with the origin of the ``data_root`` that moved them.

    Raises:
        ConfigError: If a ``data_root`` reaches no loader, or it isn't clear which folder it stands for.
    """
    roots: list[tuple[int, Any]] = []  # folders that have been the root, each with the level that named it
    following: set[str] = set()
    merged: dict[str, Setting] = {}
    left = levels[-1].settings.keys() if levels else ()  # a loader that became None counts no more
    for rank, level in enumerate(levels):
        if level.sets(KEY):
            if KEY in level.names:  # a variable: the file itself says what is there, all else stays where it is
                roots, following = [], set()
            elif not roots:
                roots = [(_UNNAMED, root) for root in _only_root(level, _paths(merged))]
                following = _below(_paths(merged), roots)
            roots.append((rank, level.settings[KEY].value))
        merged |= {place: setting for place, setting in level.settings.items() if place in left}
        following |= _below(_paths(merged), roots)
    return _moved(levels, roots, following) if roots else {}


def _moved(levels: list[Level], roots: list[tuple[int, Any]], following: set[str]) -> dict[str, Setting]:
    ranks = {level.source: rank for rank, level in enumerate(levels)}
    final = levels[-1].settings
    last, root = roots[-1]
    set_at = {place: ranks[final[place].origin.source] for place in _paths(final)}
    older = {place: path for place, path in _paths(final).items() if set_at[place] < last}
    own = {place: path for place, path in older.items() if place in following and _is_root(place)}
    _check_effect(levels[last], [place for place in older if _is_root(place)], list(own))
    roots = roots[:-1] + [(_UNNAMED, path) for path in own.values()]
    moved = {}
    for place in following & older.keys():
        # the folder that was the root as this path was written, or else the latest before
        nearest = sorted(roots, key=lambda one: (one[0] > set_at[place], -one[0]))
        before = next((folder for _, folder in nearest if _is_below(older[place], folder)), None)
        new = older[place] if before is None else _rebased(older[place], before, root)
        if new != older[place]:
            moved[place] = Setting(new, final[KEY].origin)
    return moved


def _check_effect(level: Level, keys: list[str], moved: list[str]) -> None:
    """Refuse a ``data_root`` that is no folder, or reaches none of the loaders' roots that were there before it.

    Raises:
        ConfigError: Naming who set it, and the keys that count.
    """
    setting = level.settings[KEY]
    if moved and not isinstance(setting.value, str):
        raise ConfigError(f'{setting.origin}: data_root is {setting.value!r}, but must be the path of a folder.')
    if keys and not moved and KEY not in level.names:
        raise ConfigError(f'{setting.origin}: data_root has no effect here: set {", ".join(map(key_of, keys))}.')


def _only_root(level: Level, paths: Paths) -> list[str]:
    """The one folder that holds the data of all loaders, where no ``data_root`` at the top has named it.

    Raises:
        ConfigError: If there are several, or an override names the root of a config whose loaders have none.
    """
    named = {place: path for place, path in paths.items() if _is_root(place)}
    if not named and level.source == OPTION:
        raise ConfigError(f'{OPTION}: the config has no key "{KEY}", and none of its loaders has one.')
    left = {place: path for place, path in named.items() if path and not level.sets(place)}
    folders = {_bare(path) for path in left.values()}
    outermost = [one for one in folders if not any(_is_below(one, other) for other in folders - {one})]
    if len(outermost) > 1:
        listed = ', '.join(f'{key_of(place)}={path}' for place, path in left.items())
        raise ConfigError(f'{level.settings[KEY].origin}: data_root could stand for any of {listed}: set these keys.')
    return outermost


def _paths(settings: Mapping[str, Setting]) -> Paths:
    return {
        place: setting.value
        for place, setting in settings.items()
        if isinstance(setting.value, str) and place.startswith(PLACES)
    }


def _below(paths: Paths, roots: list[tuple[int, Any]]) -> set[str]:
    return {place for place, path in paths.items() if any(_is_below(path, folder) for _, folder in roots)}


def _is_below(path: str, folder: Any) -> bool:
    if not isinstance(folder, str) or not _bare(folder):
        return path == folder
    return f'{path}/'.startswith(f'{_bare(folder)}/')


def _rebased(path: str, before: str, after: str) -> str:
    inner = path[len(_bare(before)) :]
    return _bare(after) + inner if _bare(after) else after + inner.lstrip('/')


def _bare(folder: str) -> str:
    return folder.rstrip('/')


def _is_root(place: str) -> bool:
    return place.endswith(f'.{KEY}')
