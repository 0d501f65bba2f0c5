"""How far a job is, and why it would have to be done again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mmengine.config import Config

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.superseded import superseded_path
from sslrecipes.engine.restart.fingerprint import differences
from sslrecipes.errors import UserError
from sslrecipes.paths.owner import read_owner
from sslrecipes.paths.ownership import NAME as LOCK
from sslrecipes.studies.identity import changes, identity, settings, settings_beside
from sslrecipes.studies.jobs import ARGUMENT, METRICS, Job
from sslrecipes.studies.records import DONE, NAME, STARTED, Record, read_record

FINISHED, BROKEN_OFF, CHANGED, NEW = 'finished', 'broken off', 'changed', 'to do'
#: What starts leave in their folder, however soon they are killed: a record, the lock, the config, logs, checkpoints.
_SIGNS_OF_A_RUN = (NAME, f'.{NAME}.*.tmp', LOCK, '*.py', '*/vis_data', '*/[0-9]*.log', '*.pth')
#: How many differences are told.
_TOLD = 4


@dataclass(frozen=True)
class State:
    """How far a job is.

    Attributes:
        word: ``'finished'``, ``'broken off'`` (it goes on), ``'changed'`` (it is done anew) or ``'to do'``.
        why: What changed, a line for each difference; of a job that is to do, what is in its way.
        record: What is known of it.
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
    if found := changes(record.identity, now):
        return State(CHANGED, found, record)
    return State(FINISHED if _has_ended(job, record) else BROKEN_OFF, record=record)


def _has_ended(job: Job, record: Record) -> bool:
    """Whether a job needs nothing more; the checkpoint of a finished training may have been thrown away.

    Metrics are the last that a test writes, while a training may have an evaluation before it behind its last
    checkpoint: only its own end tells.
    """
    return record.status == DONE if job.trains else job.product.is_file()


def _state_without_record(job: Job, now: Mapping[str, str]) -> State:
    """A job may have been run by hand or by a cluster: then its product is there, and the config that it wrote down."""
    ended = job.product.is_file() and (job.product.name == METRICS or _said_its_end(job))
    if not ended and not (job.trains and CheckpointStore(job.folder).checkpoints()):
        return State(NEW, _in_the_way(job.folder))
    found = _differences_from_run(job)
    if found:
        return State(CHANGED, ['it was run by hand', *found])
    return State(FINISHED if ended else BROKEN_OFF, record=Record(DONE if ended else STARTED, now))


def _in_the_way(folder: Path) -> list[str]:
    """Say what becomes of a folder that is no run of a study, but where one goes."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return []
    if holds_a_run(folder):
        return [f'"{folder}" is in the way and is kept as "{superseded_path(folder)}"']
    return [f'"{folder}" is in the way and holds no run: move it away, or choose another --work-dir']


def holds_a_run(folder: Path) -> bool:
    """Whether a folder looks as if a training or a test has been started there."""
    return any(next(folder.glob(sign), None) for sign in _SIGNS_OF_A_RUN)


def _said_its_end(job: Job) -> bool:
    """Whether the name of its checkpoint, or the lock of its folder, tells that a training has reached its end."""
    if job.cfg.train_cfg.get('max_epochs'):
        return True
    lock = job.folder / LOCK
    owner = read_owner(lock.read_bytes()) if lock.is_file() else None
    return owner is not None and owner.finished is not None


def edits(job: Job) -> list[str]:
    """What a job's recipe says otherwise by now than when the study was planned."""
    try:
        now = replace(job).cfg  # read again
    except UserError as error:
        return [str(error)]
    before, after = (settings_beside(cfg, job.weights) for cfg in (job.cfg, now))
    return differences(*({key: repr(value) for key, value in table.items()} for table in (before, after)))


def edits_that_ran(job: Job) -> list[str]:
    """What of such edits a job that has ended had read already, as the config tells that it wrote down."""
    found = edits(job)
    otherwise = _differences_from_run(job) if found else []
    with suppress(UserError):  # what can't be read now is not what ran
        if found and not otherwise and not _differences_from_run(replace(job)):  # only entries were added
            return found
    return otherwise


def _differences_from_run(job: Job) -> list[str]:
    """What the config that a run left in its folder says otherwise than the job does."""
    dumps = sorted(job.folder.glob('*/vis_data/config.py'))
    if not dumps:
        return ['its config is not there any more']
    ran, wanted = settings(Config.fromfile(dumps[-1])), settings(job.cfg)
    given = {'load_from' if place == ARGUMENT else place: source for place, source in job.weights.items()}
    for place, source in given.items():
        file = source.checkpoint if isinstance(source, Job) else source
        if file is not None and (place != 'load_from' or not job.trains or ran.get(place)):
            wanted[place] = str(file)
            if isinstance(ran.get(place), str) and Path(ran[place]).resolve() == Path(file).resolve():
                ran[place] = wanted[place]
        else:
            wanted.pop(place, None)
    return differences({place: repr(ran.get(place)) for place in wanted}, {key: repr(wanted[key]) for key in wanted})


def shortened(why: Sequence[str]) -> str:
    """Put differences into one line."""
    more = [f'and {len(why) - _TOLD} more'] if len(why) > _TOLD else []
    return '; '.join([*why[:_TOLD], *more])
