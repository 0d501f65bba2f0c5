"""Who set each value of a config: file and line, or an override."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sslrecipes.config.history import OPTION, Setting, plain_places
from sslrecipes.config.lines import Origin
from sslrecipes.config.places import enclosing
from sslrecipes.config.reading import merge, settle
from sslrecipes.paths.user_paths import user_file


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
    path = user_file(str(filename))
    cfg, given = merge(path, overrides or {})
    found = settle(path, cfg, given)
    return {place: Setting(value, found[place].origin) for place, value in plain_places(cfg)}


def origins(filename: str | Path, overrides: Mapping[str, Any] | None = None) -> dict[str, Origin]:
    """Who set what: :func:`settings` without the values."""
    return {place: setting.origin for place, setting in settings(filename, overrides).items()}


def origin_of(place: str, found: Mapping[str, Origin]) -> Origin | None:
    """Origin of ``place``, or of the nearest place around it that the config has."""
    return next((found[near] for near in (place, *enclosing(place)) if near in found), None)


def words_about(places: tuple[str, ...], filename: str | Path, overrides: Mapping[str, Any] | None = None) -> str:
    """Say where ``places`` were set: ``(set in configs/x.py:12 and by --cfg-options)``; '' for no known place.

    ``model.backbone.*`` is about all that is inside: who set ``model.backbone``, and the overrides of its parts.
    """
    found = origins(filename, overrides) if places else {}
    words = [word for place in places for word in _words(place.removesuffix('.*'), place.endswith('.*'), found)]
    return f'(set {" and ".join(dict.fromkeys(words))})' if words else ''


def _words(place: str, whole: bool, found: Mapping[str, Origin]) -> Iterator[str]:
    origin = origin_of(place, found)
    if origin:
        yield f'by {origin}' if origin.source == OPTION else f'in {origin}'
    for inner, setter in found.items() if whole else ():
        if setter.source == OPTION and inner != place and place in enclosing(inner):
            yield f'{inner} by {setter}'
