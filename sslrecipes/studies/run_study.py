"""What ``tools/run_study.py`` does: plan a study, run what is left, and report."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from sslrecipes.config.option_values import GivenText
from sslrecipes.config.places import value_at
from sslrecipes.config.reading import read_config
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.paths.ownership import claim
from sslrecipes.studies.jobs import MOST_CELLS, Job, jobs_of, recipe_of
from sslrecipes.studies.launching import Launch
from sslrecipes.studies.reading import read_study
from sslrecipes.studies.study import Evaluation, Stage, Study

if TYPE_CHECKING:
    from sslrecipes.studies.running import Outcome

FAILURE = 1
_ABSENT = object()


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for.

    Attributes:
        work_dir: Folder instead of the study's.
        only: Stages, evaluations, or jobs; all by default, and always with what they need.
        seeds: Number of seeds instead of the study's.
        sets: Overrides, ``[STAGE:]KEY=VALUE``.
        at_once: Number of jobs at a time.
        launch: How they are started.
        rate: 10^9 operations per second of a GPU, for estimates.
        dry_run: Whether to stop behind the plan.
        print_commands: Whether to print a shell script instead.
        report_only: Whether to start nothing, and report what there is.
    """

    work_dir: Path | None = None
    only: Sequence[str] = ()
    seeds: int | None = None
    sets: Sequence[str] = ()
    at_once: int = 1
    launch: Launch = field(default_factory=Launch)
    rate: float | None = None
    dry_run: bool = False
    print_commands: bool = False
    report_only: bool = False


def run_study(file: str | Path, wishes: Wishes) -> None:
    """Plan, run and report.

    Args:
        file: Config of the study.
        wishes: What the command line asks for.

    Raises:
        UserError: If something is wrong that can be known before work begins.
        SystemExit: With 1 if a job failed; with 143 after a request to stop.
    """
    for name, value in {'--seeds': wishes.seeds, '--jobs': wishes.at_once, '--gpus': wishes.launch.gpus}.items():
        if value is not None and value < 1:
            raise ConfigError(f'{name} must be at least 1, not {value}.')
    if wishes.rate is not None and not 0 < wishes.rate < math.inf:
        raise ConfigError(f'--gflops must be a number above 0, not {wishes.rate}.')
    if (wishes.seeds or 0) > MOST_CELLS:
        raise ConfigError(f'--seeds must be at most {MOST_CELLS:,}, not {wishes.seeds:,}.')
    study = read_study(file, wishes.seeds)
    home = wishes.work_dir or Path(study.work_dir)
    jobs = jobs_of(study, home, overrides(study, wishes.sets))
    if wishes.print_commands:
        from sslrecipes.studies.shell import shell_script

        print(shell_script(study, chosen(jobs, wishes.only), wishes.launch, sys.argv))
        return
    _say('Starting: importing torch and the OpenMMLab packages takes some seconds')
    if wishes.dry_run:
        _Session(study, home, jobs, wishes).plan()
        return
    owner = claim(home)
    try:
        failed = _Session(study, home, jobs, wishes).run()
    finally:
        owner.withdraw()
    if failed:
        _say(f'error: {"; ".join(failed)}', to_stderr=True)
        raise SystemExit(FAILURE)


def overrides(study: Study, sets: Iterable[str]) -> dict[str, dict[str, str]]:
    """Sort overrides by the stages and evaluations that they concern.

    One without a stage concerns all whose recipe has its key.

    Raises:
        ConfigError: If it names an unknown stage, or no recipe has its key.
    """
    parts: dict[str, Stage | Evaluation] = {
        **{name: stage for name, stage in study.stages.items() if stage.recipe},
        **study.evaluations,
    }
    found: dict[str, dict[str, str]] = {}
    for text in sets:
        place, sign, value = text.partition('=')
        part, colon, key = place.rpartition(':')
        if not sign:
            raise ConfigError(f'--set: "{text}" is no [STAGE:]KEY=VALUE.')
        if colon and part not in parts:
            raise ConfigError(f'--set: the study has no stage "{part}".{did_you_mean(part, parts)}')
        concerned = [part] if colon else [name for name in parts if _has(parts[name], study, key)]
        if not concerned:
            raise ConfigError(f'--set: no recipe of the study has "{key}".')
        for name in concerned:
            found.setdefault(name, {})[key] = GivenText(value)
    return found


def _has(part: Stage | Evaluation, study: Study, key: str) -> bool:
    first = {name: values[0] for name, values in study.factors.items()}
    path, options = recipe_of(study, part, part.of[0] if isinstance(part, Evaluation) else part.name, first)
    return value_at(read_config(path, options), key, _ABSENT) is not _ABSENT


def chosen(jobs: Sequence[Job], only: Sequence[str]) -> list[Job]:
    """Jobs that somebody wants, and those that they need.

    Raises:
        ConfigError: If a name stands for none.
    """
    if not only:
        return list(jobs)
    for name in only:
        if not any(_is_called(job, name) for job in jobs):
            known = dict.fromkeys([part for job in jobs for part in (job.part, job.name)])
            near = did_you_mean(name, known) or f' It has {", ".join(known)}.'
            raise ConfigError(f'--only: the study has no stage "{name}".{near}')
    wanted: dict[str, Job] = {}

    def want(job: Job) -> None:
        for before in job.before:
            want(before)
        wanted[job.name] = job

    for job in jobs:
        if any(_is_called(job, name) for name in only):
            want(job)
    return list(wanted.values())


def _is_called(job: Job, name: str) -> bool:
    return name in (job.part, job.name) or job.name.startswith(f'{name}/')


def _say(line: str, to_stderr: bool = False) -> None:
    Console(stderr=to_stderr).print(line, markup=False, highlight=False, soft_wrap=True)


class _Session:
    """A study between its plan and its report; imports what needs torch."""

    def __init__(self, study: Study, home: Path, jobs: Sequence[Job], wishes: Wishes) -> None:
        from sslrecipes.studies.costs import costs_of
        from sslrecipes.studies.states import states_of

        self._study, self._home, self._jobs, self._wishes = study, home, jobs, wishes
        self._wanted = chosen(jobs, wishes.only)
        self._states = states_of(jobs)
        self._costs = costs_of(self._wanted, wishes.launch.gpus, wishes.rate)

    def plan(self) -> None:
        from sslrecipes.studies.plan import COLUMNS, plan_rows, remarks, totals
        from sslrecipes.visualization.tables import print_table

        rows = plan_rows(self._wanted, self._states, self._costs)
        console = Console()
        if not console.is_terminal:
            console.width = 200
        print_table(console, self._study.title, COLUMNS, rows)
        for line in remarks(self._wanted, self._states):
            _say(line)
        _say(f'It goes to {self._home}. ' + totals(self._wanted, self._states, self._costs, self._wishes.at_once))

    def run(self) -> list[str]:
        """Run what is left, and report; returns a sentence for each job that failed."""
        from sslrecipes.studies.progress import watcher
        from sslrecipes.studies.running import run_jobs
        from sslrecipes.studies.states import states_of

        self.plan()
        if self._wishes.report_only:
            return self._report({})
        self._check()
        with watcher(self._wanted, self._states, self._costs, self._wishes.at_once) as watch:
            outcomes = run_jobs(self._wanted, self._states, self._wishes.launch, self._wishes.at_once, watch)
        self._states = states_of(self._jobs)
        return self._report(outcomes)

    def _report(self, outcomes: Mapping[str, Outcome]) -> list[str]:
        """Make pictures and exports, and write the report; returns a sentence for each job that failed."""
        from sslrecipes.studies.making import make_all
        from sslrecipes.studies.products import makings_of
        from sslrecipes.studies.records import FAILED
        from sslrecipes.studies.report import report
        from sslrecipes.studies.running import LEFT_OUT

        failed = [f'{name} failed: {outcome.why}' for name, outcome in outcomes.items() if outcome.word == FAILED]
        left_out = [name for name, outcome in outcomes.items() if outcome.word == LEFT_OUT]
        failed += [f'left out for that: {", ".join(left_out)}'] if left_out else []
        makings = list(makings_of(self._study, self._wanted, self._states, self._home))
        failed += make_all(makings, _say)
        made = [making for making in makings if making.file.is_file()]
        line = shlex.join(['python', *sys.argv])
        for file in report(self._study, self._jobs, self._states, self._costs, self._home, made, failed, line):
            _say(f'written: {file}')
        return failed

    def _check(self) -> None:
        """Refuse what would fail for something that can be known now."""
        from sslrecipes.studies.checks import check_jobs

        for remark in check_jobs(self._wanted, self._states, self._costs, self._home):
            _say(remark)
