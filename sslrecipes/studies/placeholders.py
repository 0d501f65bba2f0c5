"""Texts of a study that name factors and stages: ``'{size}'``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from sslrecipes.errors import ConfigError, did_you_mean

_WHOLE = re.compile(r'\{(\w+)\}')


def whole_name(value: Any) -> str:
    """Return the name that is all of a text, as in ``'{size}'``; nothing if there is more, or none."""
    found = _WHOLE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ''


def names_in(value: Any) -> Iterator[str]:
    """Yield the names in a text, or in the texts inside a list or dict."""
    if isinstance(value, str) and ('{' in value or '}' in value):
        try:
            yield from (name for _, name, _, _ in Formatter().parse(value) if name is not None)
        except ValueError as error:
            raise ConfigError(f'"{value}" can not be read: {error}; a brace that names nothing is doubled.') from error
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from names_in(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from names_in(part)


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """Put values in the place of names; a text that is one name becomes the value itself.

    Raises:
        ConfigError: If a name stands for nothing.
    """
    for name in names_in(value):
        if name not in known:
            raise ConfigError(f'"{value}" names "{name}", which there is not.{did_you_mean(name, known)}')
    return _filled(value, known)


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        name = whole_name(value)
        return known[name] if name else value.format_map(known) if '{' in value or '}' in value else value
    if isinstance(value, Mapping):
        return {key: _filled(part, known) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(part, known) for part in value)
    return value
