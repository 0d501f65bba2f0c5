"""Cells of a table as they are shown: numbers to the right, the spread beside them, the best in bold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sslrecipes.reports.contents import Table

_SPREAD = ' ± '
_NUMBER = re.compile(r'[-+\u2212<>≤≥~≈]? ?\d.{0,23}', re.DOTALL)
_NOTHING = ('', '-', '\u2013', '\u2014', '?')
#: Said below a table that has something in bold.
BOLD = 'Bold: the best of a column.'


@dataclass(frozen=True)
class Cell:
    """A cell: ``value``, what stands behind it from ``±`` on, and whether it is the best of its column."""

    value: str
    spread: str = ''
    best: bool = False


@dataclass(frozen=True)
class ShownTable:
    """A table, ``numeric`` for each column, cells, and the note below with what bold means."""

    title: str
    columns: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[Cell]]
    note: str


def shown_table(table: Table) -> ShownTable:
    """Lay out a table."""
    return ShownTable(
        table.title,
        table.columns,
        [_is_numeric([row[column] for row in table.rows]) for column in range(len(table.columns))],
        [[_cell(text, (row, column) in table.best) for column, text in enumerate(cells)]
         for row, cells in enumerate(table.rows)],
        ' '.join(filter(None, [table.note, BOLD if table.best else ''])),
    )  # fmt: skip


def _cell(text: str, best: bool) -> Cell:
    value, mark, spread = text.partition(_SPREAD)
    return Cell(value, f'± {spread}' if mark else '', best)


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell not in _NOTHING]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)
