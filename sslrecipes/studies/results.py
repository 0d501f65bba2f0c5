"""The table of a study: what was measured, as means over seeds with their spread."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import isfinite
from statistics import fmean, stdev
from typing import Any

from sslrecipes.config.places import value_at
from sslrecipes.errors import did_you_mean
from sslrecipes.studies.costs import Cost
from sslrecipes.studies.jobs import Job
from sslrecipes.studies.published import card_of
from sslrecipes.studies.reading import COSTS, PUBLISHED, TOTALS, measures
from sslrecipes.studies.states import FINISHED, State
from sslrecipes.studies.study import UNTRAINED, Study
from sslrecipes.visualization.curves import read_scalars

#: Costs that differ from run to run.
TIMES = ('seconds', 'images/s', 'total seconds')


@dataclass(frozen=True)
class Cell:
    """A figure of the table.

    Attributes:
        values: One for each run, in the order of the factors that it is a mean over; None where a run gave none.
        source: Who reported them, if they weren't measured here.
    """

    values: Sequence[float | None] = ()
    source: str = ''

    @property
    def known(self) -> list[float]:
        """The values that there are."""
        return [value for value in self.values if value is not None]

    @property
    def mean(self) -> float | None:
        """Their mean."""
        return fmean(self.known) if self.known else None

    @property
    def spread(self) -> float | None:
        """Their standard deviation, of a sample; None of a single one."""
        return stdev(self.known) if len(self.known) > 1 else None


@dataclass(frozen=True)
class Row:
    """A row of the table: a network in a cell of the factors, and its figures by heading."""

    network: str
    title: str
    cell: Mapping[str, Any]
    cells: Mapping[str, Cell]


class Results:
    """Looks up what the jobs of a study measured.

    Args:
        study: What it is.
        jobs: All its jobs.
        states: How far they are; only finished ones count.
        costs: What trainings cost.
    """

    def __init__(
        self, study: Study, jobs: Sequence[Job], states: Mapping[str, State], costs: Mapping[str, Cost]
    ) -> None:
        self._study, self._costs = study, costs
        self._finished = [job for job in jobs if states[job.name].word == FINISHED]
        self._all = list(jobs)
        self._seconds = {name: state.record.seconds for name, state in states.items() if state.record}

    def rows(self) -> list[Row]:
        """The table, untrained networks first."""
        study = self._study
        spread = [name for name in study.table.spread if name in study.factors]
        apart = [name for name in study.factors if name not in spread]
        rows: dict[str, Row] = {}
        for network in [UNTRAINED, *study.stages]:
            for values in product(*(study.factors[name] for name in apart)):
                cell = dict(zip(apart, values, strict=True))
                counting = self._counting(network)
                told = {name: value for name, value in cell.items() if name in counting and name in study.table.rows}
                key = repr((network, {name: value for name, value in cell.items() if name in counting}))
                if key not in rows and self._has(network):
                    rows[key] = self._row(network, told, cell, spread)
        return list(rows.values())

    def _row(self, network: str, told: Mapping[str, Any], cell: Mapping[str, Any], spread: Sequence[str]) -> Row:
        study = self._study
        combinations = product(*(study.factors[name] for name in spread))
        runs = [{**cell, **dict(zip(spread, one, strict=True))} for one in combinations]
        cells = {
            heading: self._cell(metric, network, runs, study.table.factor.get(heading, 1))
            for heading, metric in study.table.columns.items()
        }
        stage = study.stages.get(network)
        return Row(network, (stage and stage.title) or network, told, cells)

    def _cell(self, metric: str, network: str, runs: Sequence[Mapping[str, Any]], factor: float) -> Cell:
        part, key = self._parted(metric)
        if key == PUBLISHED:
            return self._published(part, network, runs[0])
        values = [self.value(metric, network, run) for run in runs]
        return Cell([None if value is None else value * factor for value in values])

    def value(self, metric: str, network: str, cell: Mapping[str, Any]) -> float | None:
        """A figure of a network in a cell of all factors; None if there is none."""
        if metric in COSTS:
            return self._cost(metric, network, cell)
        part, key = self._parted(metric)
        found = [measured(job)[key] for job in self._jobs(self._finished, network, cell, part) if key in measured(job)]
        return found[0] if found else None

    def unknown_columns(self) -> Iterator[str]:
        """Tell of each column that no job measured although all are finished, with the nearest metric."""
        known = {key for job in self._finished for key in measured(job)}
        for heading, metric in self._study.table.columns.items():
            _, key = self._parted(metric)
            if known and measures(metric) and key not in known and len(self._finished) == len(self._all):
                yield f'No stage measured "{key}", which "{heading}" shows.{did_you_mean(key, sorted(known))}'

    def _jobs(self, jobs: Sequence[Job], network: str, cell: Mapping[str, Any], part: str = '') -> Iterator[Job]:
        """Jobs that judge or train a network in a cell: evaluations first, then its own training."""
        fitting = [
            job
            for job in jobs
            if job.network == network
            and (not part or job.part == part)
            and all(cell.get(name) == value for name, value in job.cell.items())
        ]
        yield from sorted(fitting, key=lambda job: job.part in self._study.stages)

    def _cost(self, metric: str, network: str, cell: Mapping[str, Any]) -> float | None:
        job = next(self._jobs(self._all, network, cell, network), None)
        if job is None:
            return None
        if metric == 'gflops':
            return self._costs.get(job.name, Cost()).gflops
        if metric == 'epochs':
            return value_at(job.cfg, 'train_cfg.max_epochs')  # type: ignore[no-any-return]
        if metric in TOTALS:
            return self._total(metric, job)
        if job not in self._finished:
            return None
        return self._seconds.get(job.name) if metric == 'seconds' else measured(job).get('mean images/s')

    def _total(self, metric: str, job: Job) -> float | None:
        """Cost of a stage and of all stages that it starts from, directly or not; None if one isn't known."""
        jobs = [*job.all_before, job]
        if metric == 'total seconds':
            return _sum(self._seconds.get(one.name) if one in self._finished else None for one in jobs)
        flops = _sum(self._costs.get(one.name, Cost()).total for one in jobs)
        return flops and flops / 1e12

    def _published(self, part: str, network: str, cell: Mapping[str, Any]) -> Cell:
        for job in self._jobs(self._all, network, cell, part):
            card = card_of(job)
            if card and card.reported:
                return Cell([card.reported.value], card.reported.source)
        return Cell([None])

    def _parted(self, metric: str) -> tuple[str, str]:
        """The evaluation or stage that a metric names, if any, and its key."""
        part, dot, key = metric.partition('.')
        return (part, key) if dot and part in {**self._study.evaluations, **self._study.stages} else ('', metric)

    def _counting(self, network: str) -> set[str]:
        return {name for job in self._all if job.network == network for name in job.cell}

    def _has(self, network: str) -> bool:
        return any(job.network == network for job in self._all)


def _sum(values: Iterable[float | None]) -> float | None:
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


@cache
def measured(job: Job) -> Mapping[str, float]:
    """What a finished job measured: the metrics of a test, or what a training logged last (metrics also at their best).

    Papers often report the best epoch: ``best accuracy/top1``. Nothing if its files are gone or can't be read.
    """
    try:
        if not job.trains:
            metrics: dict[str, float] = json.loads(job.product.read_text())
            return {key: value for key, value in metrics.items() if isfinite(value)}
        curves = read_scalars(job.folder)
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    rates = curves['images_per_second'].values if 'images_per_second' in curves else []
    return {
        **{key: curve.values[-1] for key, curve in curves.items() if isfinite(curve.values[-1])},
        **{f'best {key}': max(curve.values) for key, curve in curves.items() if '/' in key},
        **({'mean images/s': fmean(rates)} if rates else {}),
    }
