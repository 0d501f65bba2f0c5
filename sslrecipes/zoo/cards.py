"""Recipe cards: the rows of ``metafile.yml`` (OpenMMLab's model index with four more keys).

``Recipe`` holds the published settings, ``Reported`` the published result, ``Reproduced`` a result that someone
obtained with the recipe. Rows may share one ``Config``, each with ``Options`` of its own, as of ``--cfg-options``. A
test compares ``Recipe`` with the resolved config.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.config.loading import load_config
from sslrecipes.config.option_values import GivenText, text_of
from sslrecipes.config.places import children, value_at
from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import Check, anything, every, number, options, text, whole
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.facts import DETAILS, FACTS, as_written, facts, facts_set_by
from sslrecipes.zoo.metafile import items, read_metafile
from sslrecipes.zoo.naming import parse_name

_REQUIRED = ('Name', 'In Collection', 'Metadata', 'Config', 'Recipe')
_OPTIONAL = ('Options', 'Results', 'Weights', 'Downstream', 'Reported', 'Reproduced')
_METADATA = ('Training Data', 'FLOPs', 'Relative Cost')
_MEASUREMENT = ('Metric', 'Value', 'Source')
#: What must stand below a key.
_KINDS: dict[str, Check] = {
    **dict.fromkeys(('Name', 'In Collection', 'Config', 'Metric', 'Source'), text),
    **dict.fromkeys(('Parameters', 'FLOPs', 'iterations'), whole(1)),
    **dict.fromkeys(('Value', 'Relative Cost'), number(0)),
    'Downstream': every(text),
    'Recipe': options,
}
_NOTHING = 'nothing'


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
        name: Name of the recipe, and of its work dir: the stem of the config file, unless there are options.
        collection: Name of the system (``TEC``).
        config: Path of the config file, relative to the repository.
        parameters: Size of the network, without teachers: TEC's base model, copies that follow by momentum.
        recipe: Published settings, by the names of :data:`sslrecipes.zoo.facts.FACTS` or by dotted paths of the config.
        options: What the recipe sets in a config that it shares with others, by dotted paths.
        weights: URL of the released weights, if any.
        downstream: Names of the recipes that start from this one's weights.
        reported: Published result, if any.
        reproduced: Result of a run of this recipe, if any.
        training_data: What it is trained on, if stated.
        flops: Operations of a training step for each image, forward and backward, four digits of them, if stated.
        relative_cost: These relative to those on pictures of 224 px; 1 unless it is stated.
    """

    name: str
    collection: str
    config: str
    parameters: int
    recipe: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: str | None = None
    downstream: tuple[str, ...] = ()
    reported: Measurement | None = None
    reproduced: Measurement | None = None
    training_data: str | None = None
    flops: int | None = None
    relative_cost: float = 1.0

    @property
    def overrides(self) -> dict[str, str]:
        """The options as they are typed: dotted path -> text behind ``=``."""
        return {key: text_of(value) for key, value in self.options.items()}

    def load(self, root: Path) -> Config:
        """Resolve the config in the repository ``root``, with the options.

        Raises:
            ConfigError: If the config is missing or invalid, or has no place for an option; naming the card.
        """
        try:
            return load_config(root / self.config, {key: GivenText(text) for key, text in self.overrides.items()})
        except ConfigError as error:
            raise ConfigError(f'{self.name}: {error}', *error.places) from error

    def disagreements(self, cfg: Config, but: Collection[str] = ()) -> list[str]:
        """Compare the card with its resolved config ``cfg``; returns one sentence per contradiction.

        The card must state all facts but :data:`sslrecipes.zoo.facts.DETAILS`, each by its name or by its place.
        Facts in ``but`` may differ.
        """
        name = parse_name(self.name)
        found = facts(cfg, name.gpus if name else None)
        found |= {place: as_written(value_at(cfg, place, _NOTHING)) for place in self.recipe if '.' in place}
        keys = sorted(self.recipe.keys() | found.keys() - DETAILS - facts_set_by(self.recipe).keys())
        pairs = {key: (self.recipe.get(key, _NOTHING), found.get(key, _NOTHING)) for key in keys}
        return [
            f'{key}: the card says {said}, the config {has}{_nearest(cfg, key) if has == _NOTHING else ""}'
            for key, (said, has) in pairs.items()
            if said != has and key not in but
        ]


def read_cards(metafile: Path) -> list[Card]:
    """Read the cards of one ``metafile.yml``.

    Raises:
        ConfigError: If a key is unknown or missing; the sentence names file, card and the nearest valid key.
    """
    return [_card(row, str(metafile)) for row in items(read_metafile(metafile), 'Models', metafile)]


def read_index(root: Path) -> list[Card]:
    """Read the cards of all metafiles listed in ``root/model-index.yml``.

    Raises:
        ConfigError: As :func:`read_cards`, and if two cards have one name, which is that of their work dir.
    """
    index = root / 'model-index.yml'
    metafiles = items(read_metafile(index), 'Import', index)
    cards = [card for metafile in metafiles for card in read_cards(root / str(metafile))]
    for name, times in Counter(card.name for card in cards).items():
        if times > 1:
            raise ConfigError(f'{index}: {times} cards are called "{name}".')
    return cards


def _card(row: Any, metafile: str) -> Card:
    name = row.get('Name') if isinstance(row, Mapping) else None
    where = f'{metafile}: {name or "a model without Name"}'
    _check_keys(row, _REQUIRED, _OPTIONAL, where)
    _check_keys(row['Metadata'], ('Parameters',), _METADATA, f'{where}: Metadata')
    named = {key: value for key, value in row['Recipe'].items() if '.' not in str(key)}
    _check_keys(named, (), FACTS, f'{where}: Recipe')
    options = row.get('Options', {})
    _check_options(options, f'{where}: Options')
    _check_keys(facts_set_by(options), (), FACTS, f'{where}: Options')
    return Card(
        name=row['Name'],
        collection=row['In Collection'],
        config=row['Config'],
        parameters=row['Metadata']['Parameters'],
        recipe={**row['Recipe'], **facts_set_by(options)},
        options=options,
        weights=row.get('Weights'),
        downstream=tuple(row.get('Downstream', ())),
        reported=_measurement(row.get('Reported'), f'{where}: Reported'),
        reproduced=_measurement(row.get('Reproduced'), f'{where}: Reproduced'),
        training_data=row['Metadata'].get('Training Data'),
        flops=row['Metadata'].get('FLOPs'),
        relative_cost=row['Metadata'].get('Relative Cost', 1.0),
    )


def _measurement(row: Any, where: str) -> Measurement | None:
    if row is None:
        return None
    _check_keys(row, _MEASUREMENT, (), where)
    return Measurement(row['Metric'], row['Value'], row['Source'])


def _check_keys(row: Any, required: Iterable[str], optional: Iterable[str], where: str) -> None:
    known = [*required, *optional]
    if not isinstance(row, Mapping):
        raise ConfigError(f'{where} must be a mapping, not {row!r}.')
    for key, value in row.items():
        if key not in known:
            raise ConfigError(f'{where}: unknown key "{key}".{did_you_mean(key, known)}')
        refuse(bad_value(f'{where}: {key}', value, _KINDS.get(key, anything)))
    missing = [key for key in required if key not in row]
    if missing:
        raise ConfigError(f'{where}: missing {", ".join(missing)}.')


def _check_options(options: Any, where: str) -> None:
    """Refuse what can't be typed as ``--cfg-options KEY=VALUE``."""
    settings = isinstance(options, Mapping) and all(
        isinstance(key, str) and not isinstance(value, Mapping) for key, value in options.items()
    )
    if not settings:
        raise ConfigError(f'{where} must be settings by their dotted paths, as {{transfer.checkpoint: a.pth}}.')


def _nearest(cfg: Config, place: str) -> str:
    """Name the key that a dotted path without a value may have meant."""
    parent, _, last = place.rpartition('.')
    beside = [step.removeprefix('.') for step, _ in children(value_at(cfg, parent))]
    return f'.{question}' if (question := did_you_mean(last, beside)) else ''
