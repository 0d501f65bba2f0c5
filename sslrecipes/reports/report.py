"""The report of a run, or of several side by side."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from sslrecipes.errors import counted
from sslrecipes.reports.completion import completed
from sslrecipes.reports.contents import Finding, Report, Verdict
from sslrecipes.reports.judgements.overall import judge
from sslrecipes.reports.run_config import differences
from sslrecipes.reports.run_log import environment_of
from sslrecipes.reports.run_record import RunRecord, read_run
from sslrecipes.reports.run_report import (
    JudgedRun,
    charts_of,
    part_of,
    pictures_of,
    table_of_milestones,
    table_of_runs,
)
from sslrecipes.version import __version__

IMAGES = 5000
#: Verdicts on learning, in a word.
SAID: dict[Verdict, str] = {'good': 'yes', 'bad': 'no', 'unclear': 'can not be told', 'fact': 'can not be told'}


def judged_runs(
    folders: Sequence[Path],
    *,
    cache: Path | None = None,
    evaluate: bool = True,
    reference: Path | None = None,
    images: int = IMAGES,
) -> list[JudgedRun]:
    """Read runs, evaluate their milestones, and judge them.

    Args:
        folders: Work directories.
        cache: Folder for the scores of the milestones; by default those of the runs.
        evaluate: Whether to evaluate milestones.
        reference: A checkpoint to compare them with.
        images: At most so many images are used for that.

    Raises:
        UserError: If a folder holds no run that can be read, or the reference can't be.
    """
    runs = [read_run(folder) for folder in folders]  # bad input is told before anything takes time
    judged = []
    for name, run in zip(_names(folders), runs, strict=True):
        own = run.folder if cache is None else cache / name if len(runs) > 1 else cache
        judged.append(judged_run(name, completed(run, own, evaluate=evaluate, reference=reference, limit=images)))
    return judged


def judged_run(name: str, run: RunRecord) -> JudgedRun:
    """Judge a run, of which all is known that can be."""
    settings = differences(run.config)
    return JudgedRun(name, run, settings, judge(run, settings))


def assembled(judged: Sequence[JudgedRun]) -> Report:
    """Put a report together."""
    several = len(judged) > 1
    tables = [table_of_milestones(one) for one in judged]
    return Report(
        title='Runs side by side' if several else f'Run {judged[0].name}',
        lead=f'{counted(len(judged), "run")}, compared.' if several else _lead(judged[0].run),
        findings=_of_several(judged) if several else judged[0].findings,
        tables=[*([table_of_runs(judged)] if several else []), *(table for table in tables if table)],
        charts=charts_of(judged),
        pictures=pictures_of(judged),
        runs=[part_of(one, with_findings=several) for one in judged],
        environment={**environment_of(one.run.log.environment for one in judged), 'sslrecipes (report)': __version__},
        commands=[shlex.join(['python', 'tools/report.py', *(str(one.run.folder) for one in judged)])],
    )


def _lead(run: RunRecord) -> str:
    recipe = f' by the recipe {run.config.recipe}' if run.config.recipe else ''
    return f'{run.model or "A model"}{recipe}, {run.state if run.state != "unknown" else "in an unknown state"}.'


def _of_several(judged: Sequence[JudgedRun]) -> list[Finding]:
    """What all of them together come to, the overall answer about each, and which has the best features."""
    verdicts = [one.findings[0].verdict for one in judged]
    whole: Verdict = 'bad' if 'bad' in verdicts else 'good' if set(verdicts) == {'good'} else 'unclear'
    words = ', '.join(f'{one.name}: {SAID[verdict]}' for one, verdict in zip(judged, verdicts, strict=True))
    answers = [replace(one.findings[0], question=f'{one.name}: is it learning?') for one in judged]
    return [Finding('Are they learning?', whole, f'{words}.'), *answers, *filter(None, [_best(judged)])]


def _best(judged: Sequence[JudgedRun]) -> Finding | None:
    """Compare the newest milestones in k-NN, if they were evaluated on the same images."""
    scored = {one.name: one.run.scores for one in judged if one.run.scores and one.run.scores.milestones}
    newest = {name: scores.milestones[-1].main for name, scores in scored.items()}
    sets = {(scores.images, newest[name].images) for name, scores in scored.items()}
    if len(newest) < 2:
        return None
    question = 'Which has the best features?'
    if len(sets) > 1:
        return Finding(question, 'unclear', 'They were evaluated on different images: their k-NN can not be compared.')
    best = max(newest, key=lambda name: newest[name].accuracy)
    alike = [name for name, hits in newest.items() if name != best and not hits.less(newest[best]).is_clear]
    told = f'{best}, with {newest[best].accuracy:.1f} % in k-NN of its newest milestone'
    if alike:
        return Finding(question, 'unclear', f'{told}; {", ".join(alike)} can not be told from it.')
    return Finding(question, 'fact', f'{told}; all others are clearly worse. One run each: seeds were not varied.')


def _names(folders: Sequence[Path]) -> list[str]:
    """Names of runs: of their folders, with as many folders around them as it takes to tell them apart."""
    for depth in range(1, 1 + max(len(folder.resolve().parts) for folder in folders)):
        names = ['/'.join(folder.resolve().parts[-depth:]) for folder in folders]
        if all(first != second for first, second in combinations(names, 2)):
            break
    return names
