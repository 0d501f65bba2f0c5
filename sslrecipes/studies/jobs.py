"""The trainings and evaluations of a study: its stages and evaluations in every cell of its factors, each once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.config.loading import load_config
from sslrecipes.config.option_values import GivenText, text_of
from sslrecipes.config.places import value_at, walk
from sslrecipes.config.reading import merge
from sslrecipes.errors import ConfigError
from sslrecipes.evaluation.untrained import own_initialisation
from sslrecipes.studies.placeholders import filled, names_in, whole_name
from sslrecipes.studies.recipes import downstream_recipe, find_recipe, is_pattern
from sslrecipes.studies.study import SEED, UNTRAINED, Evaluation, Stage, Study

#: Where recipes take the checkpoint of the stage before, in the order in which they are looked for.
BASE, TRANSFER, BACKBONE = 'model.target_generator.checkpoint', 'transfer.checkpoint', 'model.backbone.init_cfg'
#: Stands for the argument CHECKPOINT of ``tools/test.py``.
ARGUMENT = 'CHECKPOINT'
METRICS = 'metrics.json'
#: Cells of a study's factors; who means more has mistyped a list.
MOST_CELLS = 10_000


@dataclass(frozen=True, eq=False)
class Job:
    """A training, or a test, with everything that it depends on.

    Attributes:
        name: Folder below the study's.
        part: Name of the stage or evaluation.
        network: Stage that it trains or judges, or :data:`UNTRAINED`.
        cell: The factors that it depends on.
        recipe: Config file.
        options: Overrides, texts as they are typed.
        weights: Where it takes weights -> the job that makes them, a file, or None for random ones.
        home: Folder of the study.
    """

    name: str
    part: str
    network: str
    cell: Mapping[str, Any]
    recipe: Path
    options: Mapping[str, str]
    weights: Mapping[str, Job | str | None]
    home: Path

    @property
    def folder(self) -> Path:
        """Its work dir."""
        return self.home / self.name

    @property
    def before(self) -> list[Job]:
        """The jobs whose weights it needs."""
        return list(dict.fromkeys(source for source in self.weights.values() if isinstance(source, Job)))

    @property
    def all_before(self) -> list[Job]:
        """The jobs that it goes back to, each once."""
        return list(dict.fromkeys(one for job in self.before for one in [*job.all_before, job]))

    @property
    def trains(self) -> bool:
        """Whether it is a training."""
        return bool(self.cfg.get('train_cfg'))

    @property
    def overrides(self) -> dict[str, str]:
        """All overrides, with the files of the weights."""
        files = {
            place: text_of(str(source.checkpoint) if isinstance(source, Job) else source)
            for place, source in self.weights.items()
            if place != ARGUMENT
        }
        return {**self.options, **files}

    @property
    def checkpoint(self) -> Path:
        """The file that a training ends with; where it is counted in iterations, the newest, as the data names it."""
        length = self.cfg.train_cfg
        if length.get('max_epochs'):
            return self.folder / f'epoch_{length.max_epochs}.pth'
        there = CheckpointStore(self.folder).checkpoints()
        return there[-1] if there else self.folder / f'iter_{length.max_iters}.pth'

    @property
    def product(self) -> Path:
        """The file whose being there means that it has ended: a checkpoint, or metrics."""
        return self.checkpoint if self.trains else self.folder / METRICS

    @cached_property
    def cfg(self) -> Config:
        """The resolved config."""
        try:
            return load_config(self.recipe, {key: GivenText(text) for key, text in self.overrides.items()})
        except ConfigError as error:
            raise ConfigError(f'{self.name}: {error}', *error.places) from error


def jobs_of(study: Study, home: Path, sets: Mapping[str, Mapping[str, str]] | None = None) -> list[Job]:
    """List the jobs of a study, each behind those that it needs.

    Args:
        study: What it is.
        home: Its folder.
        sets: Further overrides for stages and evaluations, by their name.

    Raises:
        ConfigError: If a recipe isn't there, an override has no place, stages need each other in a circle, or there are
            more than :data:`MOST_CELLS` cells.
    """
    cells = math.prod(map(len, study.factors.values()))
    if cells > MOST_CELLS:
        raise ConfigError(
            f'The factors make {cells:,} cells, more than {MOST_CELLS:,}: shorten their lists.', 'factors'
        )
    return list(_Expansion(study, home, sets or {}).jobs())


class _Expansion:
    """Makes jobs of stages and evaluations, once for each combination of the factors that count."""

    def __init__(self, study: Study, home: Path, sets: Mapping[str, Mapping[str, str]]) -> None:
        self._study, self._home, self._sets = study, home, sets
        self._made: dict[str, Job] = {}

    def jobs(self) -> Iterator[Job]:
        study = self._study
        cells = [dict(zip(study.factors, values, strict=True)) for values in product(*study.factors.values())]
        for stage in study.stages.values():
            if stage.recipe:
                for cell in cells:
                    self._stage(stage, cell)
        for evaluation in study.evaluations.values():
            for network in [*([UNTRAINED] if evaluation.untrained else []), *evaluation.of]:
                for cell in cells:
                    self._evaluation(evaluation, network, cell)
        return iter(self._made.values())

    def _stage(self, stage: Stage, cell: Mapping[str, Any]) -> Job:
        return self._made_of(stage, stage.name, stage.after, cell, self._counting(stage))

    def _evaluation(self, evaluation: Evaluation, network: str, cell: Mapping[str, Any]) -> Job:
        counting = self._counting(evaluation)
        if network != UNTRAINED:
            counting |= self._counting(self._study.stages[network])
        return self._made_of(evaluation, network, network, cell, counting)

    def _made_of(
        self, part: Stage | Evaluation, network: str, source: str, cell: Mapping[str, Any], counting: set[str]
    ) -> Job:
        cell = {name: value for name, value in cell.items() if name in counting}
        folder = f'{part.name}/' if isinstance(part, Evaluation) else ''
        name = '_'.join([folder + network, *_words(cell)])
        if name not in self._made:
            self._made[name] = self._new(part, name, network, source, cell)
        _check_alike(self._made[name], network, cell)
        return self._made[name]

    def _new(self, part: Stage | Evaluation, name: str, network: str, source: str, cell: Mapping[str, Any]) -> Job:
        place = f'{"stages" if isinstance(part, Stage) else "evaluations"}.{part.name}'
        for key in part.options:
            if not isinstance(key, str):
                raise ConfigError(
                    f'{place}.options: the key {key!r} must be a text, such as "train_cfg.max_epochs".', place
                )
        try:
            recipe, given = recipe_of(self._study, part, network, cell)
            said = {key: value for key, value in part.options.items() if whole_name(value) not in self._study.stages}
            options = {**given, **{key: text_of(value) for key, value in filled(said, cell).items()}}
            if SEED in cell and SEED not in names_in(part.options):
                options['randomness.seed'] = text_of(cell[SEED])
            options |= self._sets.get(part.name, {})
        except ConfigError as error:
            raise ConfigError(f'{place}: {error}', *(error.places or (place,))) from error
        weights: dict[str, Job | str | None] = {
            key: self._source(whole_name(value), cell)
            for key, value in part.options.items()
            if whole_name(value) in self._study.stages
        }
        cfg, _ = merge(recipe, {key: GivenText(text) for key, text in options.items()})
        if source and not any(isinstance(made, Job) and made.part == source for made in weights.values()):
            for taken in [taken for taken in weights_places(cfg) if taken in weights]:
                named = whole_name(part.options[taken])
                raise ConfigError(f'{place}: {taken} can not be of "{named}" and of "{source}".', place)
            weights |= self._handed_over(cfg, source, cell)
            options |= _initialised(cfg) if source == UNTRAINED else {}
        elif not weights:
            weights |= given_base(cfg)
        return Job(name, part.name, network, cell, recipe, options, weights, self._home)

    def _handed_over(self, cfg: Config, source: str, cell: Mapping[str, Any]) -> dict[str, Job | str | None]:
        """Where a recipe takes the weights of a stage, or is kept from taking any."""
        places = weights_places(cfg)
        if source != UNTRAINED:
            return dict.fromkeys(places, self._source(source, cell))
        of_model = [place for place in places if place not in ('load_from', ARGUMENT)]
        return {place: None for place in of_model if not place.startswith(BACKBONE)}

    def _source(self, name: str, cell: Mapping[str, Any]) -> Job | str:
        stage = self._study.stages[name]
        return stage.checkpoint or self._stage(stage, cell)

    def _counting(self, part: Stage | Evaluation, inside: Sequence[str] = ()) -> set[str]:
        """Names of the factors that make a difference to a stage or evaluation; those that need it are ``inside``."""
        inside = [*inside, part.name]
        if part.name in inside[:-1]:
            raise ConfigError(f'The stages {" -> ".join(inside)} need each other.', 'stages')
        factors, stages = self._study.factors, self._study.stages
        names = {*names_in(part.recipe), *names_in(part.options)}
        before = {name for name in names if name in stages}
        if isinstance(part, Stage) and part.after:
            before.add(part.after)
        inner = {factor for name in before for factor in self._counting(stages[name], inside)}
        return {name for name in names if name in factors} | inner | ({SEED} & factors.keys())


def _check_alike(made: Job, network: str, cell: Mapping[str, Any]) -> None:
    """Refuse a second job in the folder of another one."""
    if made.network != network:
        raise ConfigError(
            f'The stages "{made.network}" and "{network}" would share the folder "{made.name}": rename one.',
            f'stages.{network}',
        )
    for key in cell:
        if made.cell.get(key) != cell[key]:
            raise ConfigError(
                f'"{made.cell.get(key)}" and "{cell[key]}" of factors.{key} would share the folder "{made.name}": '
                'rename one.',
                f'factors.{key}',
            )


def recipe_of(
    study: Study, part: Stage | Evaluation, network: str, cell: Mapping[str, Any]
) -> tuple[Path, Mapping[str, str]]:
    """Find the recipe of a stage, or of an evaluation of one, as :func:`find_recipe` does."""
    name = filled(part.recipe, cell)
    if not is_pattern(name):
        return find_recipe(name)
    stage = study.stages[network]
    return downstream_recipe(name, filled(stage.recipe, cell) or stage.checkpoint)


def weights_places(cfg: Config) -> list[str]:
    """Where a recipe takes the checkpoint of the stage before, and where else its model takes the same file."""
    first = _weights_place(cfg)
    file = value_at(cfg, first)
    others = [place for place, value in walk(cfg.model, 'model') if file and value == file and place != first]
    return [first, *others]


def _initialised(cfg: Config) -> dict[str, str]:
    """How the backbone begins where it takes no weights: as it does in a pre-training."""
    if f'{BACKBONE}.checkpoint' not in weights_places(cfg):
        return {}
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')):
        return {BACKBONE: text_of(own_initialisation(cfg.model.backbone))}


def given_base(cfg: Config) -> dict[str, Job | str | None]:
    """The file that a recipe states for its base model, without which it can't start."""
    file = value_at(cfg, BASE)
    return {BASE: str(file)} if file else {}


def _weights_place(cfg: Config) -> str:
    if value_at(cfg, 'model.target_generator') is not None:
        return BASE
    if cfg.get('transfer'):
        return TRANSFER
    if value_at(cfg, BACKBONE) is not None:
        return f'{BACKBONE}.checkpoint'
    return 'load_from' if cfg.get('train_cfg') else ARGUMENT


def _words(cell: Mapping[str, Any]) -> Iterator[str]:
    """Words for the factors in the name of a folder; the seed that recipes have by themselves needs none."""
    for name, value in cell.items():
        if (name, value) != (SEED, 0):
            yield f'{name}-{re.sub(r"[^A-Za-z0-9.+-]+", "-", str(value)).rstrip("-")}'
