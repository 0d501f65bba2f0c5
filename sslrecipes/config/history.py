"""How a config came to be: what each of its files left behind, and which line set what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.config.execution import resolve
from sslrecipes.config.knn_bank import source_of
from sslrecipes.config.lines import LineReader, Origin, names_read
from sslrecipes.config.places import enclosing, walk
from sslrecipes.config.source import read_source, shown

#: What stands for a file's name where an override set a value.
OPTION = '--cfg-options'


@dataclass(frozen=True)
class Setting:
    """A value of a resolved config, and who set it."""

    value: Any
    origin: Origin


@dataclass(frozen=True)
class Level:
    """A config as one of its files leaves it.

    Attributes:
        source: Name of the file.
        settings: Each place, containers included, with its value and who set it.
        names: What the file reads: its own names, and those of its bases as ``_base_.name``.
    """

    source: str
    settings: Mapping[str, Setting]
    names: frozenset[str]

    def sets(self, place: str) -> bool:
        """Whether this file, and none that it inherits, set ``place``."""
        return place in self.settings and self.settings[place].origin.source == self.source


def history(path: Path) -> list[Level]:
    """Follow a config through its files, in the order in which they are merged; the last is the whole config.

    Raises:
        ConfigError: If a file that it inherits is missing.
    """
    source = read_source(path)
    levels: list[Level] = []
    base: dict[str, Setting] = {}
    for inherited in source.base_paths():
        levels += history(inherited)
        base |= levels[-1].settings
    name = shown(path)
    marks = LineReader(name, {place: setting.origin for place, setting in base.items()}).read(source.tree)
    values = plain_places(resolve(path))
    settings = {place: Setting(value, _origin(place, value, marks, base, name)) for place, value in values}
    return [*levels, Level(name, settings, frozenset(names_read(source.tree)))]


def with_options(levels: list[Level], cfg: Config, given: Mapping[str, Any]) -> list[Level]:
    """Add the level of overrides, which leave ``cfg`` and set what is ``given``, places and values."""
    if not given:
        return levels
    known, option = levels[-1].settings, Origin(OPTION)
    places = {inner for place, value in given.items() for inner, _ in walk(value, place)}
    settings = {
        place: Setting(value, option if place in places or place not in known else known[place].origin)
        for place, value in plain_places(cfg)
    }
    return [*levels, Level(OPTION, settings, frozenset())]


def plain_places(cfg: Config) -> Iterator[tuple[str, Any]]:
    """Yield every place of a config, but the scopes of inherited packages, which mmengine writes and no file says."""
    places = walk(cfg.to_dict())
    return ((place, value) for place, value in places if place and not place.endswith('._scope_'))


def _origin(place: str, value: Any, marks: Mapping[str, Origin], base: Mapping[str, Setting], file: str) -> Origin:
    """Who set ``value``: the line that names it, the base that has it already, or the line that made what is around."""
    if place in marks:
        return marks[place]
    around = [outer for outer in enclosing(place) if outer in marks]
    replaced = any(place[len(outer)] == '[' or f'{outer}._delete_' in marks for outer in around)
    if place in base and not replaced and (isinstance(value, dict) or repr(base[place].value) == repr(value)):
        return base[place].origin
    source = source_of(place)
    if source and not any(outer.endswith('_cfg.bank') for outer in around):
        return _origin(source, value, marks, base, file)
    return marks[around[0]] if around else Origin(file)
