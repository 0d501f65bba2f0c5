"""The table of the systems: a line for each collection of the model index, made from its metafile and its cards."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sslrecipes.zoo.cards import Card
from sslrecipes.zoo.metafile import items, read_metafile

_COLUMNS = ('System', 'Paper', 'Backbones', 'Recipes', 'Best published top-1')
_NONE = '-'
_LEGEND = (
    "*Best published*: by the system's own code, the linked source, on ImageNet-1k. Results measured here: "
    '{measured} of {all} recipes.'
)


def systems_table(root: Path, cards: Sequence[Card], relative_to: str) -> str:
    """Format the systems as a markdown table, in the order of the model index.

    Args:
        root: Repository.
        cards: Recipe cards of all systems.
        relative_to: Folder of the document, relative to the repository; the links start there.
    """
    rows: list[Sequence[str]] = [_COLUMNS, ['---'] * len(_COLUMNS)]
    index = root / 'model-index.yml'
    for metafile in items(read_metafile(index), 'Import', index):
        link = os.path.relpath(Path(metafile).parent, relative_to)
        for collection in items(read_metafile(root / metafile), 'Collections', root / metafile):
            own = [card for card in cards if card.collection == collection['Name']]
            rows.append([f'[{collection["Name"]}]({link})', _paper(collection), *_summary(own, _code(collection))])
    legend = _LEGEND.format(measured=sum(card.reproduced is not None for card in cards), all=len(cards))
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows) + f'\n\n{legend}'


def _paper(collection: Mapping[str, Any]) -> str:
    paper, code = collection.get('Paper'), _code(collection)
    words = [f'[{paper["Title"]}]({paper["URL"]})'] if paper else []
    words += [f'[code]({code})'] if code else []
    return ', '.join(words) or _NONE


def _code(collection: Mapping[str, Any]) -> str:
    return str((collection.get('Code') or {}).get('URL', ''))


def _summary(cards: Sequence[Card], code: str) -> tuple[str, str, str]:
    """Backbones, number of recipes and best published accuracy of a system."""
    backbones = dict.fromkeys(card.recipe['arch'] for card in cards if card.recipe.get('arch'))
    return ', '.join(backbones) or _NONE, str(len(cards)), _best(cards, code)


def _best(cards: Sequence[Card], code: str) -> str:
    """Best accuracy that the authors report, of equal ones the first, which is that of the pre-training.

    A system's recipes for methods of others may report what those publish: that is no result of the system.
    """
    published = [
        card
        for card in cards
        if code and card.reported and card.reported.metric.startswith('top-1') and card.reported.source.startswith(code)
    ]
    if not published:
        return _NONE
    best = max(published, key=lambda card: card.reported.value if card.reported else 0)
    assert best.reported
    how = best.reported.metric.removeprefix('top-1').lstrip(' ,')
    details = ', '.join(filter(None, [best.recipe.get('arch'), how]))
    return f'[{best.reported.value}]({best.reported.source}) ({details})'
