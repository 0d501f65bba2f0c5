"""Write what came of a study: ``results.json``, and the report as a page and as Markdown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

from rich.console import Console

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.errors import UserError
from sslrecipes.reports.completion import completed
from sslrecipes.reports.contents import Finding, Picture, Report, Table
from sslrecipes.reports.page import write_report
from sslrecipes.reports.report import judged_run
from sslrecipes.reports.run_log import environment_of
from sslrecipes.reports.run_record import read_run
from sslrecipes.reports.run_report import JudgedRun, charts_of, part_of
from sslrecipes.studies.costs import Cost
from sslrecipes.studies.jobs import Job
from sslrecipes.studies.products import Making
from sslrecipes.studies.reading import PUBLISHED
from sslrecipes.studies.results import TIMES, Cell, Results, Row, measured
from sslrecipes.studies.states import FINISHED, State
from sslrecipes.studies.study import SEED, Study
from sslrecipes.studies.verdicts import judged_columns, verdict_on_claim
from sslrecipes.version import __version__
from sslrecipes.visualization.tables import print_table

RESULTS = 'results.json'


def report(
    study: Study,
    jobs: Sequence[Job],
    states: Mapping[str, State],
    costs: Mapping[str, Cost],
    home: Path,
    makings: Sequence[Making] = (),
    failed: Sequence[str] = (),
    line: str = '',
) -> list[Path]:
    """Write what there is, and print the table.

    Args:
        study: What it is.
        jobs: All its jobs.
        states: How far they are.
        costs: What they cost.
        home: Its folder.
        makings: Pictures and exports that were made.
        failed: A sentence for each job that failed.
        line: The command line that repeats the study.

    Returns:
        The files.
    """
    results = Results(study, jobs, states, costs)
    rows = results.rows()
    findings = [*verdict_on_claim(study, rows), *_incomplete(jobs, states, failed, results)]
    table = table_of(study, rows)
    _print(table, findings)
    text = json.dumps(results_of(study, rows, findings, jobs, states), indent=2) + '\n'
    commands = [line or f'python tools/run_study.py {study.file}', *_next_steps(makings)]
    pictures = [_picture(making) for making in makings if making.file.suffix == '.png']
    whole = replace(
        _of_runs(study, jobs, states), findings=findings, tables=[table], pictures=pictures, commands=commands
    )
    return [
        write_atomic(home / RESULTS, lambda file: file.write_text(text, encoding='utf-8')),
        *write_report(whole, home, keep_other=False),
    ]


def _of_runs(study: Study, jobs: Sequence[Job], states: Mapping[str, State]) -> Report:
    """What a report says of the study and of its trainings."""
    runs = list(_judged(jobs, states))
    return Report(
        title=study.title,
        lead=lead_of(jobs, states),
        claim=study.claim.text,
        source=study.claim.source,
        charts=charts_of(_drawn(study, jobs, runs)),
        runs=[part_of(run, with_findings=True) for run in runs],
        environment={**environment_of(run.run.log.environment for run in runs), 'sslrecipes (report)': __version__},
    )


def _judged(jobs: Sequence[Job], states: Mapping[str, State]) -> Iterator[JudgedRun]:
    """Judge the trainings; one whose logs are gone has figures only."""
    for job in jobs:
        if states[job.name].word == FINISHED and job.trains:
            with suppress(UserError):
                yield judged_run(job.name, completed(read_run(job.folder), job.folder, evaluate=False))


def _drawn(study: Study, jobs: Sequence[Job], runs: Sequence[JudgedRun]) -> list[JudgedRun]:
    """Runs whose curves are drawn: the stages, each with its first seed."""
    first = study.factors.get(SEED, [0])[0]
    stages = {job.name for job in jobs if job.part in study.stages and job.cell.get(SEED, first) == first}
    return [run for run in runs if run.name in stages]


def _incomplete(
    jobs: Sequence[Job], states: Mapping[str, State], failed: Sequence[str], results: Results
) -> Iterator[Finding]:
    """Say what is missing: stages, logs, metrics."""
    left = [job.name for job in jobs if states[job.name].word != FINISHED]
    lost = [job.name for job in jobs if job.name not in left and not measured(job)]
    sentences = [
        *([f'{len(left)} of {len(jobs)} stages are not finished.'] if left else []),
        *(f'{sentence}.' for sentence in failed),
        *([f'The files with the figures of {", ".join(lost)} are gone or damaged.'] if lost else []),
        *results.unknown_columns(),
    ]
    if sentences:
        yield Finding('Is it complete?', 'bad', f'No. {" ".join(sentences)}')


def lead_of(jobs: Sequence[Job], states: Mapping[str, State]) -> str:
    """Say what was done."""
    done = [job for job in jobs if states[job.name].word == FINISHED]
    trained, records = sum(job.trains for job in done), [states[job.name].record for job in done]
    minutes = sum(record.seconds for record in records if record) / 60
    return f'{trained} trainings and {len(done) - trained} evaluations, {minutes:.0f} minutes in all.'


def _print(table: Table, findings: Sequence[Finding]) -> None:
    console = Console()
    if not console.is_terminal:
        console.width = 160
    print_table(console, table.title, table.columns, table.rows)
    for finding in findings:
        console.print(f'{finding.question} {finding.answer}', markup=False, highlight=False, soft_wrap=True)


def _picture(making: Making) -> Picture:
    return Picture(making.name.replace('/', ': '), making.file, making.product.caption)


def _next_steps(makings: Sequence[Making]) -> Iterator[str]:
    """The command lines that made pictures and exports, as a user would type them."""
    for making in makings:
        for command in making.commands:
            yield ' '.join(['python' if word == sys.executable else word for word in command])


def table_of(study: Study, rows: Sequence[Row]) -> Table:
    """The table as text."""
    factors = [name for name in study.table.rows if name != 'stage']
    columns = ['network', *factors, *study.table.columns]
    body = [
        [
            row.title,
            *(str(row.cell.get(name, '-')) for name in factors),
            *(_text(row.cells[heading], metric) for heading, metric in study.table.columns.items()),
        ]
        for row in rows
    ]
    best = {(row, columns.index(heading)) for heading in judged_columns(study) for row in _best(rows, heading)}
    return Table(
        'Means of the runs' if _runs(study) > 1 else 'Figures of the runs',
        columns,
        body,
        note_of(study),
        frozenset(best),
    )


def _best(rows: Sequence[Row], heading: str) -> list[int]:
    """Which rows have the highest figure."""
    means = [row.cells[heading].mean for row in rows]
    known = [mean for mean in means if mean is not None]
    return [row for row, mean in enumerate(means) if len(known) > 1 and mean == max(known)]


def _runs(study: Study) -> int:
    return prod(len(study.factors[name]) for name in study.table.spread if name in study.factors)


def note_of(study: Study) -> str:
    """What the figures are."""
    note = f'Mean ± standard deviation of {runs} runs.' if (runs := _runs(study)) > 1 else 'One run each.'
    if any(metric.rpartition('.')[2] == PUBLISHED for metric in study.table.columns.values()):
        note += ' What is published was reported by others, and not measured here.'
    return note


def results_of(
    study: Study, rows: Sequence[Row], findings: Sequence[Finding], jobs: Sequence[Job], states: Mapping[str, State]
) -> dict[str, Any]:
    """The results as plain values; what differs from run to run stands below ``times``."""
    columns = study.table.columns
    return {
        'study': study.name,
        'title': study.title,
        'claim': study.claim.text,
        'verdicts': [vars(finding) for finding in findings],
        'rows': [
            {
                'network': row.network,
                **row.cell,
                'figures': {
                    heading: _plain(cell) for heading, cell in row.cells.items() if columns[heading] not in TIMES
                },
            }
            for row in rows
        ],
        'stages': {job.name: states[job.name].word for job in jobs},
        'times': {
            'stages': {job.name: _seconds(states[job.name]) for job in jobs},
            'rows': [
                {heading: _plain(cell) for heading, cell in row.cells.items() if columns[heading] in TIMES}
                for row in rows
            ],
        },
    }


def _seconds(state: State) -> float | None:
    return state.record.seconds if state.word == FINISHED and state.record else None


#: Digits behind the point of columns that have not one, and columns that are the same in each run.
_DIGITS = {'seconds': 0, 'total seconds': 0, 'epochs': 0, 'images/s': 0, 'gflops': 3}
_ALIKE = ('gflops', 'total tflops', 'epochs')


def _plain(cell: Cell) -> dict[str, Any]:
    reported = {'reported': cell.source} if cell.source else {}
    return {'mean': cell.mean, 'spread': cell.spread, 'values': list(cell.values), **reported}


def _text(cell: Cell, metric: str) -> str:
    if cell.mean is None:
        return '-'
    if cell.source:
        return f'{cell.mean:g}'
    digits = _DIGITS.get(metric, 1)
    spread = f' ± {cell.spread:.{digits}f}' if cell.spread is not None and metric not in _ALIKE else ''
    short = f' ({len(cell.known)} of {len(cell.values)})' if len(cell.known) < len(cell.values) else ''
    return f'{cell.mean:.{digits}f}{spread}{short}'
