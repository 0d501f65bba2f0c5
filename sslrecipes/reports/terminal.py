"""Report on runs: what ``tools/report.py`` does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.reports.contents import Finding, Report, Verdict
from sslrecipes.reports.page import write_report
from sslrecipes.reports.report import IMAGES, assembled, judged_runs
from sslrecipes.reports.run_figures import figures_of
from sslrecipes.reports.verdicts import WORDS
from sslrecipes.visualization.tables import print_table

FIGURES = 'report.json'
COLOURS: dict[Verdict, str] = {'good': 'green', 'bad': 'red', 'unclear': 'yellow', 'fact': 'default'}


def report(
    folders: Sequence[Path],
    out: Path | None = None,
    *,
    evaluate: bool = True,
    reference: Path | None = None,
    images: int = IMAGES,
) -> list[Path]:
    """Judge runs, tell the answers on the terminal, and write ``report.html``, ``report.md`` and ``report.json``.

    Args:
        folders: Work directories.
        out: Folder for the report, and for the scores of the milestones; by default the first work directory, and
            each run's own for its scores.
        evaluate: Whether to evaluate milestones.
        reference: A checkpoint to compare them with.
        images: At most so many images are used for that.

    Returns:
        The files.

    Raises:
        UserError: See :func:`sslrecipes.reports.report.judged_runs`; or a file can't be written.
    """
    judged = judged_runs(folders, cache=out, evaluate=evaluate, reference=reference, images=images)
    told = assembled(judged)
    print_report(Console(), told)
    return write(told, figures_of(judged), out or folders[0])


def write(told: Report, figures: dict[str, Any], folder: Path) -> list[Path]:
    """Write a report, over an earlier one of this kind only; others of these names are kept as ``*.superseded``."""
    ours = (folder / FIGURES).is_file()
    text = json.dumps(figures, indent=2) + '\n'
    files = write_report(told, folder, keep_other=not ours)
    return [*files, write_atomic(folder / FIGURES, lambda file: file.write_text(text, encoding='utf-8'))]


def print_report(console: Console, told: Report) -> None:
    """Print the answers and the tables."""
    console.rule(escape(told.title))
    for finding in told.findings:
        print_finding(console, finding)
    for table in told.tables:
        print_table(console, table.title, table.columns, table.rows)


def print_finding(console: Console, finding: Finding) -> None:
    """Print an answer."""
    mark = f'[{COLOURS[finding.verdict]}]{WORDS[finding.verdict]:7}[/]'
    console.print(f'{mark} [bold]{escape(finding.question)}[/] {escape(finding.answer)}', highlight=False)
