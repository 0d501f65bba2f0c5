"""Write a resolved config down so that reading it gives the same config.

MMEngine's ``Config.pretty_text``, which makes the copy of a run's config, what is logged and what a checkpoint holds,
writes ``inf`` and ``nan`` bare (names that no config knows), keys with a quote or that are keywords as they are (no
Python), takes ``{{`` in a text for a placeholder when it reads again, sorts keys (hooks of one priority run in their
order), and takes a second to format the text with yapf.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from keyword import iskeyword
from typing import Any

from mmengine.config import Config

WIDTH = 120
INDENT = 4


def install() -> None:
    """Let every config write itself so."""
    Config.pretty_text = property(lambda cfg: config_text(cfg.to_dict()))


def config_text(settings: dict[str, Any]) -> str:
    """Write settings of plain values as the text of a config file."""
    return ''.join(f'{name} = {_written(value, len(name) + 3)}\n' for name, value in settings.items())


def _written(value: Any, before: int, depth: int = 0) -> str:
    """Write a value on one line if that has room after ``before`` characters, else an item per line."""
    parts = _parts(value)
    line = _inline(value)
    if parts is None or before + len(line) < WIDTH:
        return line
    opening, items, closing = parts
    indent = ' ' * INDENT * (depth + 1)
    lines = [f'{indent}{name}{_written(item, len(indent + name), depth + 1)},\n' for name, item in items]
    return f'{opening}\n{"".join(lines)}{indent[INDENT:]}{closing}'


def _inline(value: Any) -> str:
    parts = _parts(value)
    if parts is None:
        return _plain(value)
    opening, items, closing = parts
    written = [name + _inline(item) for name, item in items]
    comma = ',' if isinstance(value, tuple) and len(written) == 1 else ''
    return opening + ', '.join(written) + comma + closing


def _parts(value: Any) -> tuple[str, list[tuple[str, Any]], str] | None:
    """Opening, items with the names before them, and closing of what holds other values."""
    if isinstance(value, dict):
        named = all(isinstance(key, str) and key.isidentifier() and not iskeyword(key) for key in value)
        opening, closing = ('dict(', ')') if named else ('{', '}')
        return opening, [(f'{key}=' if named else f'{_inline(key)}: ', item) for key, item in value.items()], closing
    if isinstance(value, (list, tuple)):
        opening, closing = '[]' if isinstance(value, list) else '()'
        return opening, list(_nameless(value)), closing
    if isinstance(value, set) and value:
        return '{', list(_nameless(sorted(value, key=repr))), '}'
    return None


def _nameless(values: Any) -> Iterator[tuple[str, Any]]:
    return (('', value) for value in values)


def _plain(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    text = repr(value)
    if isinstance(value, str):
        return text.replace('{{', f'{{{text[0]} {text[0]}{{')  # two literals in a row, which Python joins
    return text
