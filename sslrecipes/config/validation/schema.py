"""Check a resolved config as far as that needs no torch: names, kinds and ranges of options, and combinations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from mmengine.config import Config

from sslrecipes.config.places import walk
from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import Check
from sslrecipes.config.validation.combinations import COMBINATIONS, loaders
from sslrecipes.config.validation.option_table import GROUPS, LOADER, RUNNER_KEYS, Group
from sslrecipes.errors import ConfigError, did_you_mean

#: Likeness to a known name above which another name is not believed to be meant.
SURELY_MISSPELT = 0.85


def check_schema(cfg: Config) -> None:
    """Refuse a config with an option that can't be meant.

    A recipe may define names of its own at the top level; only one that looks like an option of the runner is refused.

    Raises:
        ConfigError: For the first unknown name, missing option, impossible value or impossible combination, with the
            place, the value, what is allowed and the nearest known name.
    """
    for key in cfg:
        if key not in RUNNER_KEYS and _is_misspelt(key, RUNNER_KEYS):
            raise ConfigError(f'The runner has no option "{key}".{did_you_mean(key, list(RUNNER_KEYS))}', key)
    parts = list(_parts(cfg))
    for group in GROUPS:
        for place, part in parts_of(group, cfg, parts):
            _check_group(group, place, part)
    for combination in COMBINATIONS:
        for sentence, places in combination(cfg):
            refuse(sentence, *places)


def check_of(cfg: Config, place: str) -> Check | None:
    """What is known about the values of ``place``; None if nothing is."""
    around, _, name = place.rpartition('.')
    parts = list(_parts(cfg))
    groups = (group for group in GROUPS if name in group.known)
    return next((group.known[name] for group in groups if around in dict(parts_of(group, cfg, parts))), None)


def _parts(cfg: Config) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield '', cfg
    for key in RUNNER_KEYS:
        for place, node in walk(cfg.get(key), key):
            if isinstance(node, Mapping):
                yield place, node


def parts_of(
    group: Group, cfg: Config, parts: list[tuple[str, Mapping[str, Any]]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Dicts of the config that ``group`` describes, with their places."""
    if group.place == LOADER:
        return list(loaders(cfg))
    pattern = re.compile(re.escape(group.place).replace(r'\*', r'[^.\[\]]+'))
    found = [(place, part) for place, part in parts if pattern.fullmatch(place)]
    if group.of is None:
        return found
    around = dict(parts)
    owners = [part if 'type' in part else around.get(place.rpartition('.')[0], {}) for place, part in found]
    kinds = [str(owner.get('type')).rpartition('.')[2] for owner in owners]
    return [one for one, kind in zip(found, kinds, strict=True) if kind == group.of]


def _check_group(group: Group, place: str, part: Mapping[str, Any]) -> None:
    prefix = f'{place}.' if place else ''
    for key, value in part.items():
        if key in group.known:
            refuse(bad_value(f'{prefix}{key}', value, group.known[key]), f'{prefix}{key}')
        elif group.closed or (place and 'type' not in part and _is_misspelt(key, group.known)):
            owner = 'there is no option' if group.closed in (None, place) else f'{group.closed} has no argument'
            raise ConfigError(f'{place}: {owner} "{key}".{did_you_mean(key, list(group.known))}', f'{prefix}{key}')
    for key in group.required:
        if key not in part:
            raise ConfigError(f'{place} needs {key}.{_misspelt(key, part)}', place)


def _is_misspelt(key: str, known: Iterable[str]) -> bool:
    """Whether an option of a dict that no signature describes is surely one of the ``known``."""
    return bool(get_close_matches(str(key), known, cutoff=SURELY_MISSPELT))


def _misspelt(key: str, part: Mapping[str, Any]) -> str:
    near = get_close_matches(key, map(str, part), n=1, cutoff=SURELY_MISSPELT)
    return f' Is "{near[0]}" meant to be it?' if near else ''
