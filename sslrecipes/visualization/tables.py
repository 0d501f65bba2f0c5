"""One table of text, for Markdown and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Rows = Sequence[Sequence[str]]


def markdown_table(columns: Sequence[str], rows: Rows) -> str:
    """Format a table as Markdown, without a line break at the end."""
    lines = [columns, ['---'] * len(columns), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def print_table(console: Console, title: str, columns: Sequence[str], rows: Rows) -> None:
    """Print a table with a title above."""
    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def number(value: float | None, digits: int = 1) -> str:
    """Format a number for a cell; ``-`` where there is none."""
    return '-' if value is None else f'{value:.{digits}f}'
