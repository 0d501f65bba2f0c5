"""The plan of a study as a table: what is done, what is left, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sslrecipes.studies.costs import Cost
from sslrecipes.studies.jobs import Job
from sslrecipes.studies.states import CHANGED, FINISHED, State, shortened

COLUMNS = ('stage', 'recipe', 'needs', 'state', 'images', 'GFLOPs/image', 'FLOPs', 'time', 'disk')
_BYTES = ((1e12, 'TB'), (1e9, 'GB'), (1e6, 'MB'), (1e3, 'kB'))
_OPERATIONS = ((1e21, 'Z'), (1e18, 'E'), (1e15, 'P'), (1e12, 'T'), (1e9, 'G'))


def plan_rows(jobs: Sequence[Job], states: Mapping[str, State], costs: Mapping[str, Cost]) -> list[list[str]]:
    """Rows of the plan, of text; ``-`` where nothing can be told."""
    return [_row(job, states[job.name], costs.get(job.name, Cost())) for job in jobs]


def _row(job: Job, state: State, cost: Cost) -> list[str]:
    done = state.word == FINISHED
    seconds = state.record.seconds if done and state.record else cost.seconds
    return [
        job.name,
        job.recipe.stem,
        ', '.join(before.name for before in job.before) or '-',
        state.word,
        f'{cost.images:,}' if cost.images else '-',
        f'{cost.gflops:.3g}' if cost.gflops else '-',
        in_unit(cost.total, _OPERATIONS),
        ('' if done or not seconds else 'about ') + duration(seconds),
        in_unit(cost.disk, _BYTES),
    ]


def remarks(jobs: Sequence[Job], states: Mapping[str, State]) -> list[str]:
    """What changed, a line for each job that is done anew for it, and what is in the way of those to do."""
    known = [(job.name, states[job.name]) for job in jobs]
    return [
        f'{name}{" is done anew" if state.word == CHANGED else ""}: {shortened(state.why)}'
        for name, state in known
        if state.why
    ]


def totals(jobs: Sequence[Job], states: Mapping[str, State], costs: Mapping[str, Cost], at_once: int) -> str:
    """Say in a sentence what is left to do."""
    left = [job for job in jobs if states[job.name].word != FINISHED]
    if not left:
        return f'All {len(jobs)} stages are finished.'
    estimates = [costs[job.name] for job in left if job.name in costs]
    seconds = [cost.seconds for cost in estimates if cost.seconds]
    unknown = len(left) - len(seconds)
    time = f'about {duration(sum(seconds) / at_once)}' if seconds else 'an unknown time'
    hours = sum((cost.seconds or 0) * cost.gpus for cost in estimates) / 3600
    if seconds and estimates[0].gpus > 1:
        time += f' on {estimates[0].gpus * at_once} GPUs ({hours:,.0f} GPU-hours)'
    more = f' and {unknown} of unknown length' if unknown and seconds else ''
    disk = in_unit(sum(cost.disk or 0 for cost in estimates) or None, _BYTES)
    return f'{len(left)} of {len(jobs)} stages are left: {time}{more}, {disk} on disk.'


def needed_bytes(jobs: Sequence[Job], states: Mapping[str, State], costs: Mapping[str, Cost]) -> int:
    """Bytes that the checkpoints of what is left to do take."""
    left = [job.name for job in jobs if states[job.name].word != FINISHED]
    return sum(costs[name].disk or 0 for name in left if name in costs)


def duration(seconds: float | None) -> str:
    """Write seconds as people would: ``45 s``, ``0:03:20``, ``3 days, 4:00:00``."""
    if seconds is None:
        return '-'
    return f'{seconds:.0f} s' if seconds < 60 else str(timedelta(seconds=round(seconds)))


def in_unit(number: float | None, units: Sequence[tuple[float, str]]) -> str:
    """Write a number in the largest unit in which it is at least 1."""
    if number is None:
        return '-'
    size, unit = next((unit for unit in units if number >= unit[0]), units[-1])
    return f'{number / size:.3g} {unit}'
