"""A config's settings for the eye and for programs: what ``tools/print_config.py`` does."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sslrecipes.config.history import Setting
from sslrecipes.config.places import children, enclosing, top_of
from sslrecipes.config.provenance import settings as settings_of
from sslrecipes.errors import ConfigError, did_you_mean

Settings = list[tuple[str, Setting]]


def print_config(
    config: str, cfg_options: Mapping[str, Any] | None = None, only: str | None = None, form: str = 'text'
) -> None:
    """Print each value of a config and who set it.

    Args:
        config: Config file.
        cfg_options: Overrides.
        only: Show this place and what is inside it.
        form: ``'text'`` or ``'json'``.

    Raises:
        ConfigError: If the config can't be read, or there is no place ``only``.
    """
    rows = listed(settings_of(config, cfg_options), only)
    if form == 'json':
        print(json.dumps(as_json(rows), indent=2))
    elif sys.stdout.isatty():
        print_settings(rows)
    else:
        print(as_text(rows))


def listed(settings: Mapping[str, Setting], only: str | None = None) -> Settings:
    """Choose what to show: values that hold nothing else, and lists of plain values that one line wrote, whole.

    Args:
        settings: All settings of a config.
        only: Show this place and what is inside it.

    Raises:
        ConfigError: If there is no place ``only``.
    """
    if only and only not in settings:
        raise ConfigError(f'The config has no key "{only}".{did_you_mean(only, list(settings))}')
    whole = {place for place, setting in settings.items() if _is_one_value(place, setting, settings)}
    shown = [place for place in settings if place in whole and whole.isdisjoint(enclosing(place))]
    if only:
        shown = [place for place in shown if only in (place, *enclosing(place))] or [only]
    return [(place, settings[place]) for place in shown]


def as_text(rows: Settings) -> str:
    """Format rows as aligned columns, a blank line between top-level keys."""
    cells = [(place, repr(setting.value), str(setting.origin)) for place, setting in rows]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        '\n'.join(f'{place:{wide[0]}}  {value:{min(wide[1], 40)}}  {origin}' for place, value, origin in group)
        for _, group in groupby(cells, key=lambda cell: top_of(cell[0]))
    ]
    return '\n\n'.join(lines)


def print_settings(rows: Settings) -> None:
    """Print rows to the terminal, grouped by top-level key."""
    table = Table('key', 'value', 'set in', box=None, pad_edge=False, header_style='bold')
    for top, group in groupby(rows, key=lambda row: top_of(row[0])):
        for place, setting in group:
            table.add_row(
                Text.assemble((top, 'bold'), place[len(top) :]),
                Text(repr(setting.value)),
                Text(str(setting.origin), 'cyan'),
            )
        table.add_section()
    Console().print(table)


def as_json(rows: Settings) -> list[dict[str, Any]]:
    """Convert rows to dicts of ``place``, ``value``, ``source`` and ``line``."""
    return [
        {'place': place, 'value': _plain(setting.value), 'source': setting.origin.source, 'line': setting.origin.line}
        for place, setting in rows
    ]


def _is_one_value(place: str, setting: Setting, settings: Mapping[str, Setting]) -> bool:
    inside = list(children(setting.value))
    if isinstance(setting.value, dict):
        return not inside
    return all(
        not isinstance(value, (dict, list, tuple)) and settings[place + step].origin == setting.origin
        for step, value in inside
    )


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (str, int, float, bool)) else repr(value)
