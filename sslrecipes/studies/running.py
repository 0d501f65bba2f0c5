"""Do the jobs of a study: several at a time, each behind those that it needs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from sslrecipes.checkpoint.files.superseded import set_aside
from sslrecipes.errors import STOPPED
from sslrecipes.studies.identity import identity
from sslrecipes.studies.jobs import Job
from sslrecipes.studies.launching import LOG, Launch, command, last_words
from sslrecipes.studies.processes import Running, start
from sslrecipes.studies.records import DONE, FAILED, NAME, STARTED, Record, write_record
from sslrecipes.studies.states import CHANGED, FINISHED, NEW, State, edits, edits_that_ran, shortened

SECONDS_BETWEEN_LOOKS = 0.2
#: What became of a job that needs one that failed.
LEFT_OUT = 'left out'
#: Bytes of the end of a log that are looked at for the reason of a failure.
_TAIL = 1 << 16
#: Part of the identity of what ran with another recipe than the planned one: no plan has it, so it is done anew.
_EDITED = {'recipe': 'changed while it ran'}


@dataclass(frozen=True)
class Outcome:
    """What became of a job: ``'finished'``, ``'failed'`` or ``'left out'``, why, and the seconds it took."""

    word: str
    why: str = ''
    seconds: float = 0.0


@dataclass(frozen=True)
class Watcher:
    """Who wants to hear how a study goes on."""

    started: Callable[[Job], None] = lambda job: None
    ended: Callable[[Job, Outcome], None] = lambda job, outcome: None
    looked: Callable[[Mapping[str, float]], None] = lambda running: None


class Workers:
    """A number of places, each with its share of CPU cores and GPUs.

    Args:
        count: Places.
        gpus: GPUs of each job.
    """

    def __init__(self, count: int, gpus: int = 1) -> None:
        self.free = list(range(count))
        self._threads = max(1, (os.cpu_count() or 1) // count)
        self._gpus, self._present = gpus, torch.cuda.device_count()

    def environment(self, place: int) -> dict[str, str]:
        """Variables that give a job its share."""
        share = {'OMP_NUM_THREADS': os.environ.get('OMP_NUM_THREADS', str(self._threads))}
        if self._present:
            named = os.environ.get('CUDA_VISIBLE_DEVICES', '').split(',')
            names = named if len(named) >= self._present and all(named) else [str(n) for n in range(self._present)]
            mine = range(place * self._gpus, (place + 1) * self._gpus)
            share['CUDA_VISIBLE_DEVICES'] = ','.join(dict.fromkeys(names[gpu % self._present] for gpu in mine))
        return share


def run_jobs(
    jobs: Sequence[Job], states: Mapping[str, State], launch: Launch, count: int, watcher: Watcher
) -> dict[str, Outcome]:
    """Do all jobs that aren't finished.

    A job that fails leaves out those that need it, and no others. A request to stop (SIGTERM, Ctrl-C) reaches the jobs
    that run, which write a checkpoint.

    Args:
        jobs: Those that shall be done, each behind those that it needs.
        states: How far every job of the study is.
        launch: How they are started.
        count: How many run at a time.
        watcher: Who wants to hear of it.

    Returns:
        What became of each job that was not finished.

    Raises:
        SystemExit: With 143, after a request to stop.
    """
    return _Run(jobs, states, launch, Workers(count, launch.gpus), watcher).run()


class _Run:
    def __init__(
        self, jobs: Sequence[Job], states: Mapping[str, State], launch: Launch, workers: Workers, watcher: Watcher
    ) -> None:
        self._jobs = jobs
        self._waiting = [job for job in jobs if states[job.name].word != FINISHED]
        self._done = {name for name, state in states.items() if state.word == FINISHED}
        self._states, self._launch, self._workers, self._watcher = states, launch, workers, watcher
        self._running: dict[str, tuple[Job, Running, int, float]] = {}
        self._records: dict[str, Record] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._told = False

    def run(self) -> dict[str, Outcome]:
        self._remember_adopted()
        with _requests() as asked:
            try:
                while (self._waiting and not asked) or self._running:
                    if not asked:
                        self._start_those_that_can()
                    self._look(asked)
                    if self._running:
                        time.sleep(SECONDS_BETWEEN_LOOKS)
            finally:  # an error of the study's own ends what runs, with a checkpoint
                self._ask_to_end()
                self._wait()
        if asked:
            raise SystemExit(STOPPED)
        return self._outcomes

    def _remember_adopted(self) -> None:
        """Write down that somebody else has run a job, so that a later change is noticed."""
        for job in self._jobs:
            state = self._states[job.name]
            if state.word == FINISHED and state.record and not (job.folder / NAME).is_file():
                write_record(job.folder, state.record)

    def _start_those_that_can(self) -> None:
        for job in list(self._waiting):
            lost = [before.name for before in job.before if not self._may_come(before)]
            if lost:
                self._waiting.remove(job)
                self._end(job, Outcome(LEFT_OUT, f'it needs {lost[0]}'))
            elif self._workers.free and all(before.name in self._done for before in job.before):
                self._waiting.remove(job)
                self._start(job)

    def _may_come(self, job: Job) -> bool:
        return job.name in self._done or job in self._waiting or job.name in self._running

    def _start(self, job: Job) -> None:
        if found := edits(job):
            self._end(job, Outcome(FAILED, _edited(found)))
            return
        state = self._states[job.name]
        if state.word in (CHANGED, NEW):
            set_aside(job.folder)
        job.folder.mkdir(parents=True, exist_ok=True)
        seconds = state.record.seconds if state.record and state.word != CHANGED else 0.0
        self._records[job.name] = Record(STARTED, identity(job), seconds)
        write_record(job.folder, self._records[job.name])
        place = self._workers.free.pop(0)
        process = start(command(job, self._launch), job.folder / LOG, self._workers.environment(place))
        self._running[job.name] = job, process, place, time.monotonic()
        self._watcher.started(job)

    def _look(self, asked: Sequence[int]) -> None:
        for job, process, place, begun in list(self._running.values()):
            code = process.poll()
            if code is not None:
                del self._running[job.name]
                self._workers.free.insert(0, place)
                self._ended(job, code, time.monotonic() - begun, bool(asked))
        now = time.monotonic()
        self._watcher.looked({name: now - begun for name, (_, _, _, begun) in self._running.items()})
        if asked and not self._told:
            self._told = True
            self._ask_to_end()

    def _wait(self) -> None:
        while any(process.poll() is None for _, process, _, _ in self._running.values()):
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _ended(self, job: Job, code: int, seconds: float, stopping: bool) -> None:
        record = self._records[job.name]
        record = replace(record, seconds=record.seconds + seconds)
        if code == 0 and job.product.is_file() and (found := edits_that_ran(job)):
            why, known = _edited(found), {**record.identity, **_EDITED}  # what ran is not what was planned
            write_record(job.folder, replace(record, status=FAILED, message=why, identity=known))
            self._end(job, Outcome(FAILED, why, record.seconds))
        elif code == 0 and job.product.is_file():
            known = {**identity(job), **record.identity}  # with the data that it has written itself
            write_record(job.folder, replace(record, status=DONE, identity=known))
            self._done.add(job.name)
            self._end(job, Outcome('finished', seconds=record.seconds))
        elif stopping:
            write_record(job.folder, record)
        else:
            why = _reason(job, code)
            write_record(job.folder, replace(record, status=FAILED, message=why))
            self._end(job, Outcome(FAILED, why, record.seconds))

    def _end(self, job: Job, outcome: Outcome) -> None:
        self._outcomes[job.name] = outcome
        self._watcher.ended(job, outcome)

    def _ask_to_end(self) -> None:
        """Send SIGTERM, whatever came here: a second Ctrl-C would end them without a checkpoint."""
        for _, process, _, _ in self._running.values():
            with suppress(ProcessLookupError):
                if process.pid:
                    os.kill(process.pid, signal.SIGTERM)


@contextmanager
def _requests() -> Iterator[list[int]]:
    """Collect requests to stop; the list has their numbers."""
    asked: list[int] = []

    def remember(number: int, frame: FrameType | None) -> Any:
        asked.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _edited(found: Sequence[str]) -> str:
    return f'its recipe was changed meanwhile: {shortened(found)}; run the study again'


def _reason(job: Job, code: int) -> str:
    """Why a job has failed."""
    if code < 0:
        return f'ended by {signal.Signals(-code).name}'
    return last_words(_tail(job.folder / LOG)) if code else f'it ended, but left no "{job.product}"'


def _tail(log: Path) -> str:
    try:
        with log.open('rb') as stream:
            stream.seek(max(0, log.stat().st_size - _TAIL))
            return stream.read().decode(errors='replace')
    except OSError:
        return ''
