"""What the console shows while a study runs: a line per stage, and on a terminal one line that moves."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from sslrecipes.studies.costs import Cost
from sslrecipes.studies.jobs import Job
from sslrecipes.studies.plan import duration
from sslrecipes.studies.running import Outcome, Watcher
from sslrecipes.studies.states import FINISHED, State
from sslrecipes.visualization.progress_line import terminal_console

#: Seconds between two lines where there is no terminal.
_SECONDS_BETWEEN_LINES = 60.0


class _Progress:
    """Counts jobs, and estimates how long the rest takes from those that are done."""

    def __init__(
        self,
        jobs: Sequence[Job],
        states: Mapping[str, State],
        costs: Mapping[str, Cost],
        at_once: int,
        status: Status | None,
    ) -> None:
        self._left = [job.name for job in jobs if states[job.name].word != FINISHED]
        self._total, self._done, self._at_once, self._status = len(self._left), 0, at_once, status
        self._estimates = {name: costs[name].seconds or 0.0 for name in self._left if name in costs}
        self._spent: dict[str, float] = {}
        self._console = Console(soft_wrap=True)
        self._last = time.monotonic()

    def started(self, job: Job) -> None:
        self._print(f'started   {job.name}, log in {job.folder / "console.log"}')

    def ended(self, job: Job, outcome: Outcome) -> None:
        self._done += 1
        self._spent[job.name] = outcome.seconds
        why = f': {outcome.why}' if outcome.why else ''
        took = f' in {duration(outcome.seconds)}' if outcome.seconds else ''
        self._print(f'{outcome.word:9} {job.name}{took}{why}   ({self._done} of {self._total})')

    def looked(self, running: Mapping[str, float]) -> None:
        if not running:
            return
        line = f'{self._done} of {self._total} stages done, {self._remaining(running)}; running: ' + ', '.join(
            f'{name} {duration(seconds)}' for name, seconds in running.items()
        )
        if self._status:
            self._status.update(line)
        elif time.monotonic() - self._last > _SECONDS_BETWEEN_LINES:
            self._print(line)

    def _remaining(self, running: Mapping[str, float]) -> str:
        """How long the rest may take: estimates, corrected by how wrong they were so far."""
        known = [(self._spent[name], self._estimates[name]) for name in self._spent if self._estimates.get(name)]
        wrong = sum(spent for spent, _ in known) / sum(guess for _, guess in known) if known else 1.0
        left = sum(
            max(0.0, wrong * guess - running.get(name, 0.0))
            for name, guess in self._estimates.items()
            if name not in self._spent
        )
        return f'about {duration(left / self._at_once)} left' if left else 'some time left'

    def _print(self, line: str) -> None:
        self._last = time.monotonic()
        self._console.print(line, markup=False, highlight=False)


@contextmanager
def watcher(
    jobs: Sequence[Job], states: Mapping[str, State], costs: Mapping[str, Cost], at_once: int
) -> Iterator[Watcher]:
    """Show a study's progress while the context lasts."""
    terminal = terminal_console()
    status = Status('', console=terminal) if terminal else None
    progress = _Progress(jobs, states, costs, at_once, status)
    if status:
        status.start()
    try:
        yield Watcher(progress.started, progress.ended, progress.looked)
    finally:
        if status:
            status.stop()
