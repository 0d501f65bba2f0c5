"""How far a job is, and why it would have to be done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from sslrecipes.engine.restart.fingerprint import differences
from sslrecipes.errors import CheckpointError
from sslrecipes.studies.identity import data_of, identity, settings
from sslrecipes.studies.jobs import ARGUMENT, Job
from sslrecipes.studies.records import DONE, Record, read_record, write_record

FINISHED, BROKEN_OFF, CHANGED, NEW = 'finished', 'broken off', 'changed', 'to do'
#: How many differences are told.
_TOLD = 4


@dataclass(frozen=True)
class State:
    """How far a job is.

    Attributes:
        word: ``'finished'``, ``'broken off'`` (it goes on), ``'changed'`` (it is done anew) or ``'to do'``.
        why: What changed, a line for each difference.
        record: What was remembered of it.
    """

    word: str
    why: Sequence[str] = ()
    record: Record | None = None


def states_of(jobs: Sequence[Job]) -> dict[str, State]:
    """Look at the folders of all jobs; a job behind one that changed has changed, too."""
    return {job.name: _state(job) for job in jobs}


def _state(job: Job) -> State:
    record, now = read_record(job.folder), identity(job)
    if record is None:
        return _state_without_record(job, now)
    changes = [*differences(record.identity, now), *_changed_data(record, job)]
    if changes:
        return State(CHANGED, changes, record)
    return State(FINISHED if record.status == DONE and _is_there(job) else BROKEN_OFF, record=record)


def _state_without_record(job: Job, now: Mapping[str, str]) -> State:
    """A job may have been run by hand or by a cluster: then its product is there, and the config that it wrote down."""
    if not job.product.is_file():
        return State(NEW)
    if not _ran_as(job):
        return State(CHANGED, ['it was run by hand with another config'])
    record = Record(DONE, now, data_of(job.cfg))
    write_record(job.folder, record)
    return State(FINISHED, record=record)


def _ran_as(job: Job) -> bool:
    """Whether the config that a run left in its folder says what the job says."""
    dumps = sorted(job.folder.glob('*/vis_data/config.py'))
    if not dumps:
        return False
    ran, wanted = settings(Config.fromfile(dumps[-1])), settings(job.cfg)
    weights = tuple(job.weights)
    return all(
        repr(ran.get(place)) == repr(value)
        for place, value in wanted.items()
        if not (weights and place.startswith(weights))
    )


def _changed_data(record: Record, job: Job) -> Iterator[str]:
    if record.data:
        now = data_of(job.cfg)
        for place, before in record.data.items():
            if now.get(place, before) != before:  # data that isn't there any more isn't needed any more
                yield f'data in {place}: {before} -> {now[place]}'


def _is_there(job: Job) -> bool:
    """Whether the results are; the checkpoint of a finished training may have been thrown away."""
    return job.trains or job.product.is_file()


def check_startable(job: Job) -> None:
    """Check that what a job starts from is there, as far as no other job makes it.

    Raises:
        UserError: If it isn't, in one sentence.
    """
    for place, source in job.weights.items():
        if isinstance(source, str) and not Path(source).is_file():
            where = 'as the checkpoint' if place == ARGUMENT else f'in {place}'
            raise CheckpointError(f'{job.name} needs "{source}" {where}: there is no such file.')


def check_weights_kept(job: Job, states: Mapping[str, State]) -> None:
    """Check that finished jobs have kept the checkpoint that a job starts from.

    Raises:
        CheckpointError: If one has not, in one sentence.
    """
    for before in job.before:
        if states[before.name].word == FINISHED and not before.checkpoint.is_file():
            raise CheckpointError(
                f'{job.name} needs "{before.checkpoint}", but {before.name}, which is finished, has no such file any '
                f'more: bring it back, or remove "{before.folder}" to train it again.'
            )


def shortened(why: Sequence[str]) -> str:
    """Put differences into one line."""
    more = [f'and {len(why) - _TOLD} more'] if len(why) > _TOLD else []
    return '; '.join([*why[:_TOLD], *more])
