"""The documents that hold generated tables, each between two markers, and their text with current tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.cards import Card, read_cards
from sslrecipes.zoo.comparison import COMPARISON, comparison_table
from sslrecipes.zoo.systems import systems_table
from sslrecipes.zoo.table import model_zoo_table


def _model_zoo(root: Path, cards: Sequence[Card], folder: str) -> str:
    """Table of the cards of the metafile in the document's folder; of all cards if there is none."""
    metafile = root / folder / 'metafile.yml'
    return model_zoo_table(read_cards(metafile) if metafile.is_file() else cards, folder)


#: What stands between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``.
_TABLES: dict[str, Callable[[Path, Sequence[Card], str], str]] = {
    'model-zoo': _model_zoo,
    'systems': systems_table,
    'comparison': comparison_table,
}


def zoo_documents(root: Path) -> dict[Path, str]:
    """Documents that hold a table, with the name of the table."""
    beside_metafiles = sorted(path.with_name('README.md') for path in root.glob('configs/*/metafile.yml'))
    compared = {root / 'docs/comparison.md': 'comparison'} if (root / COMPARISON).is_file() else {}
    return {
        root / 'README.md': 'systems',
        root / 'docs/model_zoo.md': 'model-zoo',
        **compared,
        **dict.fromkeys(beside_metafiles, 'model-zoo'),
    }


def with_current_table(document: Path, root: Path, cards: Sequence[Card]) -> str:
    """Text of a document of :func:`zoo_documents` with the table between the markers made from ``cards``.

    Raises:
        ConfigError: If the document is missing or has no pair of markers.
    """
    table = zoo_documents(root)[document]
    begin, end = f'<!-- {table}:begin -->', f'<!-- {table}:end -->'
    text = document.read_text(encoding='utf-8') if document.is_file() else ''
    block = f'{begin}\n\n{_TABLES[table](root, cards, document.parent.relative_to(root).as_posix())}\n\n{end}'
    new, count = re.subn(f'{re.escape(begin)}.*?{re.escape(end)}', lambda _: block, text, flags=re.DOTALL)
    if count != 1:
        raise ConfigError(f'{document} needs one pair of lines "{begin}" and "{end}" for its table.')
    return new
