"""The page of options, from the table by which configs are checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from docstrings import as_cell

from sslrecipes.config.validation.option_table import GROUPS, Group


def option_list(_: Path) -> str:
    """A table of what values may be, by the places that have the same options."""
    alike: dict[tuple[tuple[str, str], ...], list[Group]] = defaultdict(list)
    for group in GROUPS:
        alike[tuple(_values(group).items())].append(group)
    return '\n\n'.join(_section(groups, values) for values, groups in alike.items() if values)


def _values(group: Group) -> dict[str, str]:
    """What each option may be; a check says so of a value that nothing can be."""
    said = {name: check(object()) for name, check in group.known.items()}
    return {name: allowed for name, allowed in said.items() if allowed is not None}


def _section(groups: list[Group], values: Iterable[tuple[str, str]]) -> str:
    names: dict[str, list[str]] = defaultdict(list)
    for name, allowed in values:
        names[allowed].append(f'`{name}`')
    rows = [f'| {", ".join(options)} | {as_cell(allowed)} |' for allowed, options in names.items()]
    places = ', '.join(f'`{group.place}`' if group.place else 'Top of a config' for group in groups)
    of = f' of `{groups[0].of}`' if groups[0].of else ''
    needed = ', '.join(f'`{name}`' for name in groups[0].required)
    notes = ['No other options.' if groups[0].closed else '', f'Needed: {needed}.' if needed else '']
    table = '\n'.join(['| option | may be |', '| --- | --- |', *rows])
    return '\n\n'.join(filter(None, [f'## {places}{of}', ' '.join(notes).strip(), table]))
