"""Who set each value of a config: file and line, or an override."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.zoo.lines import LineReader, Origin
from sslrecipes.zoo.places import enclosing, place_of_option, walk
from sslrecipes.zoo.reading import read_config, resolve
from sslrecipes.zoo.source import read_source, shown

OPTION = '--cfg-options'


@dataclass(frozen=True)
class Setting:
    """A value of a resolved config, and who set it."""

    value: Any
    origin: Origin


def settings(filename: str | Path, overrides: Mapping[str, Any] | None = None) -> dict[str, Setting]:
    """Resolve a config and find out who set what in it.

    Args:
        filename: Config file.
        overrides: Dotted keys and values, as of ``--cfg-options``.

    Returns:
        For each place, containers included: ``model.backbone`` as well as ``model.backbone.arch``. The origin is the
        line that wrote the value down, even where another line refers to it. A value that none of the files writes
        down, because a loop or a call made it, has the line of that statement.

    Raises:
        ConfigError: If the config can't be resolved.
    """
    cfg = read_config(filename)
    found = _of_file(Path(filename), cfg)
    if not overrides:
        return found
    places = {place_of_option(cfg, key): value for key, value in overrides.items()}
    given = {inner for place, value in places.items() for inner, _ in walk(value, place)}
    option = Origin(OPTION)
    return {
        place: Setting(value, option if place in given or place not in found else found[place].origin)
        for place, value in _places(read_config(filename, dict(overrides)))
    }


def origins(filename: str | Path, overrides: Mapping[str, Any] | None = None) -> dict[str, Origin]:
    """Who set what: :func:`settings` without the values."""
    return {place: setting.origin for place, setting in settings(filename, overrides).items()}


def origin_of(place: str, found: Mapping[str, Origin]) -> Origin | None:
    """Origin of ``place``, or of the nearest place around it that the config has."""
    return next((found[near] for near in (place, *enclosing(place)) if near in found), None)


def words_about(places: tuple[str, ...], filename: str | Path, overrides: Mapping[str, Any] | None = None) -> str:
    """Say where ``places`` were set: ``(set in configs/x.py:12 and by --cfg-options)``; '' for no known place."""
    found = origins(filename, overrides) if places else {}
    named = dict.fromkeys(origin for place in places if (origin := origin_of(place, found)))
    words = [f'{"by" if origin.source == OPTION else "in"} {origin}' for origin in named]
    return f'(set {" and ".join(words)})' if words else ''


def _of_file(path: Path, cfg: Config) -> dict[str, Setting]:
    source = read_source(path)
    base: dict[str, Setting] = {}
    for inherited in source.base_paths():
        base |= _of_file(inherited, resolve(inherited))
    marks = LineReader(shown(path), {place: setting.origin for place, setting in base.items()}).read(source.tree)
    return {place: Setting(value, _origin(place, value, marks, base, shown(path))) for place, value in _places(cfg)}


def _origin(place: str, value: Any, marks: Mapping[str, Origin], base: Mapping[str, Setting], file: str) -> Origin:
    """Who set ``value``: the line that names it, the base that has it already, or the line that made what is around."""
    if place in marks:
        return marks[place]
    around = [outer for outer in enclosing(place) if outer in marks]
    replaced = any(place[len(outer)] == '[' or f'{outer}._delete_' in marks for outer in around)
    if place in base and not replaced and (isinstance(value, dict) or repr(base[place].value) == repr(value)):
        return base[place].origin
    return marks[around[0]] if around else Origin(file)


def _places(cfg: Config) -> list[tuple[str, Any]]:
    places = walk(cfg.to_dict())  # with the scopes of inherited packages, which mmengine writes and no file says
    return [(place, value) for place, value in places if place and not place.endswith('._scope_')]
