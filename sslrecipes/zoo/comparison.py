"""A comparison table of a paper, with the recipes that are made for its rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import Check, number, text, whole
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.cards import Card, Measurement
from sslrecipes.zoo.metafile import items, read_metafile

COMPARISON = 'configs/w2ssl/comparison.yml'

_COLUMNS = (
    *('Method', 'published', 'mode', 'epochs', 'batch', 'top-1 as reported', 'recipe'),
    *('elsewhere', 'reproduced', 'note'),
)
_NONE = '-'
_ONLY_REPORTED = 'none: reported number'
_LEGEND = (
    '{all} rows, {held} with a recipe; {measured} of these have been run here. *As reported*: in [the comparison]'
    '({source}), which mostly prints the numbers of others. *Elsewhere*: where the card of the recipe has it from.'
)


def _cell(value: Any) -> str | None:
    good = text(value) is None and value.strip() and not {'|', '\n'} & {*value}
    return None if good else 'text of one line without "|", which ends a cell'


def _percentage(value: Any) -> str | None:
    return None if number(0)(value) is None and value <= _ALL else f'a number from 0 to {_ALL}'


_ALL = 100
_KINDS: dict[str, Check] = {
    **dict.fromkeys(('Method', 'Published', 'Mode', 'Recipe', 'Note'), _cell),
    **dict.fromkeys(('Epochs', 'Batch'), whole(1)),
    'Top-1': _percentage,
}
_REQUIRED = ('Method', 'Top-1')


@dataclass(frozen=True)
class Row:
    """A row of the comparison.

    Attributes:
        method: What it calls the method.
        top1: The accuracy that it prints, in %.
        published: Where the method was published.
        mode: Kind of method: ``PT``, ``CL`` or ``MT``.
        epochs: Length of the pre-training, if stated.
        batch: Pictures per step, if stated.
        recipe: Name of the recipe here, if there is one.
        note: In which way row, recipe and publication differ.
    """

    method: str
    top1: float
    published: str | None = None
    mode: str | None = None
    epochs: int | None = None
    batch: int | None = None
    recipe: str | None = None
    note: str | None = None


_FIELDS = {'Top-1': 'top1'}


def read_comparison(file: Path) -> tuple[str, list[Row]]:
    """Read the source of a comparison, and its rows in their order.

    Raises:
        ConfigError: If the file is missing or no comparison, or a row has an unknown key or an impossible value.
    """
    content = read_metafile(file)
    rows = [_row(row, f'{file}: row {i}') for i, row in enumerate(items(content, 'Rows', file), start=1)]
    refuse(bad_value(f'{file}: Source', content.get('Source'), text))
    return str(content['Source']), rows


def comparison_table(root: Path, cards: Sequence[Card], relative_to: str) -> str:
    """Format the comparison as a markdown table.

    Args:
        root: Repository.
        cards: Recipe cards of all systems.
        relative_to: Folder of the document, relative to the repository; the links start there.

    Raises:
        ConfigError: As :func:`read_comparison`, and if a row names a recipe that there isn't.
    """
    source, rows = read_comparison(root / COMPARISON)
    by_name = {card.name: card for card in cards}
    held = [_card(row, by_name) for row in rows]
    lines = [_COLUMNS, ('---',) * len(_COLUMNS)]
    lines += [_cells(row, card, relative_to, source) for row, card in zip(rows, held, strict=True)]
    measured = sum(card is not None and card.reproduced is not None for card in held)
    legend = _LEGEND.format(all=len(rows), held=len(rows) - held.count(None), measured=measured, source=source)
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + f'\n\n{legend}'


def _row(content: Any, where: str) -> Row:
    if not isinstance(content, Mapping):
        raise ConfigError(f'{where} must be a mapping, not {content!r}.')
    for key, value in content.items():
        if key not in _KINDS:
            raise ConfigError(f'{where}: unknown key "{key}".{did_you_mean(key, [*_KINDS])}')
        refuse(bad_value(f'{where}: {key}', value, _KINDS[key]))
    if missing := [key for key in _REQUIRED if key not in content]:
        raise ConfigError(f'{where}: missing {", ".join(missing)}.')
    return Row(**{_FIELDS.get(key, key.lower()): value for key, value in content.items()})


def _card(row: Row, cards: Mapping[str, Card]) -> Card | None:
    if row.recipe is None:
        return None
    if row.recipe not in cards:
        raise ConfigError(
            f'{COMPARISON}: {row.method}: there is no recipe "{row.recipe}".{did_you_mean(row.recipe, [*cards])}'
        )
    return cards[row.recipe]


def _cells(row: Row, card: Card | None, relative_to: str, source: str) -> tuple[str, ...]:
    stated = (row.published, row.mode, row.epochs, row.batch)
    link = f'[{card.name}]({os.path.relpath(card.config, relative_to)})' if card else _ONLY_REPORTED
    reported = card.reported if card else None
    if reported and _page(reported.source) == _page(source):
        reported = None
    own = (_value(reported), _value(card.reproduced if card else None))
    return (
        row.method,
        *(_NONE if it is None else str(it) for it in stated),
        str(row.top1),
        link,
        *own,
        row.note or _NONE,
    )


def _page(address: str) -> str:
    return address.partition('#')[0]


def _value(result: Measurement | None) -> str:
    return f'[{result.value}]({result.source})' if result else _NONE
