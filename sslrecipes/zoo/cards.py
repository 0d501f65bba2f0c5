"""Recipe cards: the rows of ``metafile.yml`` (OpenMMLab's model index with three more keys).

``Recipe`` holds the published settings, ``Reported`` the published result, ``Reproduced`` a result that someone
obtained with the recipe. A test compares ``Recipe`` with the facts of the resolved config.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.facts import DETAILS, FACTS
from sslrecipes.zoo.metafile import read_metafile

_REQUIRED = ('Name', 'In Collection', 'Metadata', 'Config', 'Recipe')
_OPTIONAL = ('Results', 'Weights', 'Downstream', 'Reported', 'Reproduced')
_METADATA = ('Training Data', 'FLOPs')
_MEASUREMENT = ('Metric', 'Value', 'Source')


@dataclass(frozen=True)
class Measurement:
    """A result and where it is documented.

    Attributes:
        metric: What was measured (``top-1 after fine-tuning``).
        value: The number, in the metric's usual unit (percent for accuracies).
        source: URL of the table or log.
    """

    metric: str
    value: float
    source: str


@dataclass(frozen=True)
class Card:
    """One recipe.

    Attributes:
        name: Stem of the config file.
        collection: Name of the system (``TEC``).
        config: Path of the config file, relative to the repository.
        parameters: Size of the network, without teachers: TEC's base model, copies that follow by momentum.
        recipe: Published settings, by the names of :data:`sslrecipes.zoo.facts.FACTS`.
        weights: URL of the released weights, if any.
        downstream: Names of the recipes that start from this one's weights.
        reported: Published result, if any.
        reproduced: Result of a run of this recipe, if any.
        training_data: What it is trained on, if stated.
    """

    name: str
    collection: str
    config: str
    parameters: int
    recipe: Mapping[str, Any]
    weights: str | None = None
    downstream: tuple[str, ...] = ()
    reported: Measurement | None = None
    reproduced: Measurement | None = None
    training_data: str | None = None

    def disagreements(self, facts: Mapping[str, Any]) -> list[str]:
        """Compare the card with the facts of the resolved config; returns one sentence per contradiction.

        The card must state all facts but :data:`sslrecipes.zoo.facts.DETAILS`.
        """
        keys = sorted(self.recipe.keys() | facts.keys() - DETAILS)
        pairs = {key: (self.recipe.get(key, 'nothing'), facts.get(key, 'nothing')) for key in keys}
        return [f'{key}: the card says {said}, the config {has}' for key, (said, has) in pairs.items() if said != has]


def read_cards(metafile: Path) -> list[Card]:
    """Read the cards of one ``metafile.yml``.

    Raises:
        ConfigError: If a key is unknown or missing; the sentence names file, card and the nearest valid key.
    """
    rows = read_metafile(metafile)['Models']
    return [_card(row, f'{metafile}: {row.get("Name", "a model without Name")}') for row in rows]


def read_index(root: Path) -> list[Card]:
    """Read the cards of all metafiles listed in ``root/model-index.yml``."""
    index = read_metafile(root / 'model-index.yml')
    return [card for metafile in index['Import'] for card in read_cards(root / metafile)]


def _card(row: Mapping[str, Any], where: str) -> Card:
    _check_keys(row, _REQUIRED, _OPTIONAL, where)
    _check_keys(row['Metadata'], ('Parameters',), _METADATA, f'{where}: Metadata')
    _check_keys(row['Recipe'], (), FACTS, f'{where}: Recipe')
    return Card(
        name=row['Name'],
        collection=row['In Collection'],
        config=row['Config'],
        parameters=row['Metadata']['Parameters'],
        recipe=row['Recipe'],
        weights=row.get('Weights'),
        downstream=tuple(row.get('Downstream', ())),
        reported=_measurement(row.get('Reported'), f'{where}: Reported'),
        reproduced=_measurement(row.get('Reproduced'), f'{where}: Reproduced'),
        training_data=row['Metadata'].get('Training Data'),
    )


def _measurement(row: Mapping[str, Any] | None, where: str) -> Measurement | None:
    if row is None:
        return None
    _check_keys(row, _MEASUREMENT, (), where)
    return Measurement(row['Metric'], row['Value'], row['Source'])


def _check_keys(row: Mapping[str, Any], required: Iterable[str], optional: Iterable[str], where: str) -> None:
    known = [*required, *optional]
    for key in row:
        if key not in known:
            raise ConfigError(f'{where}: unknown key "{key}".{did_you_mean(key, known)}')
    missing = [key for key in required if key not in row]
    if missing:
        raise ConfigError(f'{where}: missing {", ".join(missing)}.')
