"""The model-zoo table: markdown generated from the recipe cards, between two markers of a document."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.cards import Card, Measurement

BEGIN, END = '<!-- model-zoo:begin -->', '<!-- model-zoo:end -->'
_NONE = '-'
_LEGEND = (
    '*Reported*: published, by the linked source. *Reproduced*: measured with this recipe; - means that nobody has '
    'run it yet.'
)


def _measurement(result: Measurement | None) -> str:
    return f'[{result.value}]({result.source}) {result.metric}' if result else _NONE


def _weights(card: Card) -> str:
    return f'[weights]({card.weights})' if card.weights else _NONE


def _setting(key: str) -> Callable[[Card], str]:
    return lambda card: str(card.recipe.get(key, _NONE))


_COLUMNS: dict[str, Callable[[Card], str]] = {
    'arch': _setting('arch'),
    'params (M)': lambda card: f'{card.parameters / 1e6:.1f}',
    'epochs': _setting('epochs'),
    'batch': _setting('effective_batch'),
    'lr': _setting('lr'),
    'Reported': lambda card: _measurement(card.reported),
    'Reproduced': lambda card: _measurement(card.reproduced),
    'Released weights': _weights,
}


def model_zoo_table(cards: Sequence[Card], relative_to: str) -> str:
    """Format cards as markdown, one table per collection, in the order of the cards.

    Args:
        cards: Recipe cards.
        relative_to: Folder of the document, relative to the repository; the links start there.
    """
    collections = dict.fromkeys(card.collection for card in cards)
    tables = [_collection(name, [c for c in cards if c.collection == name], relative_to) for name in collections]
    return '\n\n'.join([*tables, _LEGEND])


def _collection(name: str, cards: Sequence[Card], relative_to: str) -> str:
    head = [name, *_COLUMNS]
    rows = [head, ['---'] * len(head)]
    for card in cards:
        link = os.path.relpath(card.config, relative_to)
        rows.append([f'[{card.name}]({link})', *(cell(card) for cell in _COLUMNS.values())])
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows)


def zoo_documents(root: Path) -> list[Path]:
    """Documents that hold a table: ``README.md`` and those beside the metafiles of the recipes."""
    return [root / 'README.md', *sorted(path.with_name('README.md') for path in root.glob('configs/*/metafile.yml'))]


def with_current_table(document: Path, root: Path, cards: Sequence[Card]) -> str:
    """Text of ``document`` with the table between the markers made from ``cards``.

    A document below ``configs/`` shows the cards of its own folder, any other document all of them.

    Raises:
        ConfigError: If the document is missing or has no pair of markers.
    """
    folder = document.parent.relative_to(root).as_posix()
    shown = [card for card in cards if folder == '.' or card.config.startswith(f'{folder}/')]
    text = document.read_text(encoding='utf-8') if document.is_file() else ''
    block = f'{BEGIN}\n\n{model_zoo_table(shown, folder)}\n\n{END}'
    new, count = re.subn(f'{re.escape(BEGIN)}.*?{re.escape(END)}', lambda _: block, text, flags=re.DOTALL)
    if count != 1:
        raise ConfigError(f'{document} needs one pair of lines "{BEGIN}" and "{END}" for the model-zoo table.')
    return new
