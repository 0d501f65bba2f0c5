"""One live line at the foot of the terminal, below which nothing else is printed."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

_SECONDS_BETWEEN_REFRESHES = 0.25


def terminal_console() -> Console | None:
    """Return a console on stderr, or ``None`` where a live line would be noise: no terminal, a dumb one, or CI."""
    if not sys.stderr.isatty() or os.environ.get('CI') or os.environ.get('TERM') == 'dumb':
        return None
    return Console(stderr=True)


class _AboveTheLine:
    """A text stream for log handlers: what is written appears above the live line, colours kept, not re-wrapped."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> None:
        self._console.print(Text.from_ansi(text.rstrip('\n')), soft_wrap=True)

    def flush(self) -> None:
        """Do nothing: a console writes at once."""


class _Figures(ProgressColumn):
    """The text right of the bar: the part that is cut, never wrapped, where the terminal is narrow."""

    def render(self, task: Task) -> Text:
        return Text(task.fields['figures'], no_wrap=True, overflow='ellipsis')


class ProgressLine:
    """A progress bar with a description and figures; log lines and prints pass above it.

    It has no thread of its own (data workers are forked while it is live), so it moves only in :meth:`advance`, and
    leaves the cursor visible, so that a killed run leaves a sane terminal.

    Args:
        console: Where to draw.
        logger: The logger whose terminal handlers write above the line while it is live.
    """

    def __init__(self, console: Console, logger: logging.Logger) -> None:
        self._console = console
        self._logger = logger
        self._redirected: list[tuple[logging.StreamHandler[IO[str]], IO[str]]] = []
        self._stretches: dict[str, tuple[TaskID, int]] = {}
        self._last_refresh = 0.0
        self._progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(bar_width=console.width // 8, table_column=Column(no_wrap=True)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            _Figures(table_column=Column()),
            console=console,
            auto_refresh=False,
            redirect_stdout=sys.stdout.isatty(),
        )

    def start(self) -> None:
        """Redirect the console handlers of the logger and show the line."""
        for handler in self._logger.handlers:
            if type(handler) is logging.StreamHandler and handler.stream.isatty():
                self._redirected.append((handler, handler.stream))
                handler.stream = _AboveTheLine(self._console)
        self._progress.start()
        self._console.show_cursor(True)
        atexit.register(self.stop)  # a run that fails must not leave the prompt at the end of the line

    def stop(self) -> None:
        """Leave the last state on the terminal and give the streams back."""
        atexit.unregister(self.stop)
        self._progress.stop()
        while self._redirected:
            handler, stream = self._redirected.pop()
            handler.stream = stream

    def begin(self, stretch: str, description: str, total: int) -> None:
        """Begin a stretch of ``total`` steps; it takes the place of an earlier one of the same name."""
        earlier = self._stretches.get(stretch)
        if earlier:
            self._progress.reset(earlier[0], total=total, description=description, figures='')
        task = earlier[0] if earlier else self._progress.add_task(description, total=total, figures='')
        self._stretches[stretch] = task, total

    def remove(self, stretch: str) -> None:
        """Take a stretch off the terminal."""
        self._progress.remove_task(self._stretches.pop(stretch)[0])

    def advance(self, stretch: str, done: int, figures: Callable[[], str]) -> None:
        """Show that ``done`` steps are finished, at most four times a second and at the end.

        Args:
            stretch: Name of the stretch.
            done: Finished steps.
            figures: Makes the text right of the bar; called only when the line is redrawn.
        """
        task, total = self._stretches[stretch]
        now = time.monotonic()
        if done == total or now - self._last_refresh >= _SECONDS_BETWEEN_REFRESHES:
            self._last_refresh = now
            self._progress.update(task, completed=done, figures=figures(), refresh=True)
