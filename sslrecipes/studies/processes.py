"""Processes that do the jobs of a study, and end when the study does."""

from __future__ import annotations

import ctypes
import gc
import io
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing import forkserver, get_context, parent_process, resource_tracker
from pathlib import Path
from typing import Any, Protocol

_SET_PARENT_DEATH_SIGNAL = 1
#: Imported once, for all jobs, by the process that they are forked from; the last two are what runs come to need.
_WARM = ['sslrecipes.commands.train', 'sslrecipes.commands.test', 'matplotlib.figure', 'sklearn.utils']


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int | None:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""


class _Forked:
    """A Python tool in a process that needs no start-up: torch is imported already."""

    def __init__(self, process: Any) -> None:
        self._process = process

    @property
    def pid(self) -> int | None:
        return self._process.pid  # type: ignore[no-any-return]

    def poll(self) -> int | None:
        self._process.join(0)
        return self._process.exitcode  # type: ignore[no-any-return]


def start(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Running:
    """Start a command line whose output goes to the end of a file.

    Args:
        command: Of a Python tool of this package, which is forked from a process that has imported torch already, or
            of a script.
        log: File; its folder is there.
        environment: Variables that differ from those here.
    """
    if command[0] == sys.executable:
        _have_server()
        process = get_context('forkserver').Process(
            target=_run_tool, args=(list(command[1:]), str(log), dict(environment))
        )
        process.start()
        return _Forked(process)
    with log.open('ab') as stream:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            preexec_fn=partial(_end_with, os.getpid(), signal.SIGTERM),
        )


def _have_server() -> None:
    """Start the process that jobs are forked from, unless it runs.

    A request to stop that goes to all processes of a group must not end it, for its jobs have a checkpoint to write: it
    never sees a SIGTERM, since it inherits that they are blocked.
    """
    get_context('forkserver').set_forkserver_preload(_WARM)
    resource_tracker.ensure_running()  # which would be started with the server, and unblock the signal
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _run_tool(argv: list[str], log: str, environment: dict[str, str]) -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])  # one that came meanwhile takes effect here
    _die_at_death_of_parent(signal.SIGKILL)  # which is the server
    threading.Thread(target=_end_with_study, daemon=True).start()
    gc.freeze()  # what has been imported is no garbage; data sets look for some when they are built
    with Path(log).open('ab') as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper), 'as the process was started with'
        stream.reconfigure(line_buffering=True)
    os.environ.update(environment)
    if 'OMP_NUM_THREADS' in environment:
        import torch

        torch.set_num_threads(int(environment['OMP_NUM_THREADS']))
    sys.argv = argv
    runpy.run_path(argv[0], run_name='__main__')


def _end_with_study() -> None:
    """Wait until the study has ended, and end; the server lives as long as any of its jobs does."""
    study = parent_process()
    assert study is not None
    study.join()
    os.kill(os.getpid(), signal.SIGKILL)


def _end_with(parent: int, number: signal.Signals) -> None:
    """End with the process that started this one, also if that has happened already."""
    _die_at_death_of_parent(number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def _die_at_death_of_parent(number: signal.Signals) -> None:
    """Let the kernel send this process a signal when the one that forked it ends, however that ends (Linux)."""
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, int(number))
