"""The model-zoo table: markdown generated from the recipe cards."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence

from sslrecipes.zoo.cards import Card, Measurement
from sslrecipes.zoo.naming import parse_name

_NONE = '-'
_LEGEND = (
    '*Reported*: published, by the linked source. *Reproduced*: measured with this recipe; - means that nobody has '
    'run it yet. *GFLOPs*: of a training step for each image, forward and backward; *of 224 px*: relative to the same '
    'recipe at 224 px.'
)
#: Of recipes that share a config.
_COMMANDS = 'Recipes that share a config with others are run with options of their own:'
_GPUS_PER_MACHINE = 8


def _measurement(result: Measurement | None) -> str:
    return f'[{result.value}]({result.source}) {result.metric}' if result else _NONE


def _weights(card: Card) -> str:
    return f'[weights]({card.weights})' if card.weights else _NONE


def _setting(key: str) -> Callable[[Card], str]:
    return lambda card: str(card.recipe.get(key, _NONE))


Column = Callable[[Card], str]

_COLUMNS: dict[str, Column] = {
    'arch': _setting('arch'),
    'params (M)': lambda card: f'{card.parameters / 1e6:.1f}',
    'epochs': _setting('epochs'),
    'batch': _setting('effective_batch'),
    'lr': _setting('lr'),
    'Reported': lambda card: _measurement(card.reported),
    'Reproduced': lambda card: _measurement(card.reproduced),
    'Released weights': _weights,
}
#: Where a card of the table states them: of a training step for each image, and of that the share of 224 px.
_COSTS: dict[str, Column] = {
    'GFLOPs': lambda card: f'{card.flops / 1e9:.4g}' if card.flops else _NONE,
    'of 224 px': lambda card: f'{card.relative_cost:.4g}' if card.flops else _NONE,
}
#: Of detectors and segmentors.
_TRANSFER_COLUMNS: dict[str, Column] = {
    'model': lambda card: str(card.recipe.get('decode_head') or card.recipe['detector']),
    'backbone': _setting('arch'),
    'params (M)': _COLUMNS['params (M)'],
    'trained on': lambda card: card.training_data or _NONE,
    'iterations': lambda card: f'{card.recipe["iterations"]:,}',
    'batch': _setting('effective_batch'),
    'lr': _setting('lr'),
    'Reported': _COLUMNS['Reported'],
    'Reproduced': _COLUMNS['Reproduced'],
}


def model_zoo_table(cards: Sequence[Card], relative_to: str) -> str:
    """Format cards as markdown, a table per collection and one of its detectors and segmentors, in the cards' order.

    Below stand the commands of those that share a config with others. Cards of several collections get headings and no
    commands, which stand in the documents of the collections.

    Args:
        cards: Recipe cards.
        relative_to: Folder of the document, relative to the repository; the links start there.
    """
    parts, collections = [], dict.fromkeys(card.collection for card in cards)
    for name in collections:
        transfers = [card for card in cards if card.collection == name and 'iterations' in card.recipe]
        others = [card for card in cards if card.collection == name and 'iterations' not in card.recipe]
        parts += [f'## {name}'] if len(collections) > 1 else []
        parts.append(_table(name, _COLUMNS, others, relative_to))
        parts.append(_table(f'{name}: transfer', _TRANSFER_COLUMNS, transfers, relative_to))
    commands = [command(card) for card in cards if card.options] if len(collections) == 1 else []
    block = f'{_COMMANDS}\n\n```bash\n{chr(10).join(commands)}\n```' if commands else ''
    return '\n\n'.join(filter(None, [*parts, _LEGEND, block]))


def command(card: Card) -> str:
    """Shell command that runs a recipe; where there are several machines, on each, with NODE_RANK and MASTER_ADDR."""
    name = parse_name(card.name)
    if name is None:
        words = f'python tools/test.py {card.config}'
    elif name.gpus <= _GPUS_PER_MACHINE:
        words = f'bash tools/dist_train.sh {card.config} {name.gpus}'
    else:
        machines = name.gpus // _GPUS_PER_MACHINE
        variables = f'NNODES={machines} NODE_RANK=$RANK MASTER_ADDR=$HOST'
        words = f'{variables} bash tools/dist_train.sh {card.config} {_GPUS_PER_MACHINE}'
    if not card.options:
        return words
    options = ' '.join(shlex.quote(f'{key}={text}') for key, text in card.overrides.items())
    return f'{words} \\\n    --work-dir work_dirs/{card.name} \\\n    --cfg-options {options}'


def _table(name: str, columns: Mapping[str, Column], cards: Sequence[Card], relative_to: str) -> str:
    """Format cards as one table; '' if there are none."""
    if not cards:
        return ''
    if any(card.flops for card in cards):
        columns = {**columns, **_COSTS}
    head = [name, *columns]
    rows = [head, ['---'] * len(head)]
    for card in cards:
        link = os.path.relpath(card.config, relative_to)
        rows.append([f'[{card.name}]({link})', *(cell(card) for cell in columns.values())])
    return '\n'.join(f'| {" | ".join(row)} |' for row in rows)
