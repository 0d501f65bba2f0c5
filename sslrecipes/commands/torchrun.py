"""``torchrun`` that passes requests to stop on to the ranks, and ends with the exit code that tells why they ended."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from torch.distributed.elastic.multiprocessing.api import PContext, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main as torchrun

from sslrecipes.errors import STOPPED, USER_ERROR

INTERRUPTED = 128 + signal.SIGINT
SECONDS_TO_END = 20  # for the ranks that are left when one has failed

_start, _close = PContext.start, PContext.close


def _start_ranks(context: PContext) -> None:
    """Start the ranks, and leave it to them when to end.

    torch's own handlers end the ranks after 30 seconds, and know nothing of SIGUSR1.
    """
    _start(context)
    end_ranks: Any = signal.getsignal(signal.SIGINT)
    interrupts: list[int] = []

    def pass_on(number: int, frame: Any) -> None:
        logging.disable(logging.ERROR)  # that ranks end is no surprise any more
        if number == signal.SIGINT:
            interrupts.append(number)
            if len(interrupts) > 1:
                end_ranks(number, frame)
        for pid in context.pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, pass_on)


def _close_ranks(context: PContext, death_sig: signal.Signals | None = None, timeout: int = SECONDS_TO_END) -> None:
    """End the ranks that are left; whatever ``timeout`` torch asks for, they get no more than is fixed here."""
    _close(context, death_sig, min(timeout, SECONDS_TO_END))


def _exit_code(error: ChildFailedError) -> int | str:
    """Tell why the ranks of this machine ended; a text goes to stderr and means 1."""
    rank, first = error.get_first_failure()
    codes = {failure.exitcode for failure in error.failures.values()}
    if codes <= {STOPPED, -signal.SIGTERM}:
        return STOPPED
    if codes <= {-signal.SIGINT}:
        return INTERRUPTED
    if first.exitcode == USER_ERROR:
        return USER_ERROR
    if first.exitcode < 0:
        name = signal.Signals(-first.exitcode).name
        hint = ', as the kernel does with programs when memory runs out' if name == 'SIGKILL' else ''
        return f'error: rank {rank} (process {first.pid}) was ended by {name}{hint}'
    raise error


def run(argv: list[str] | None = None) -> None:
    """Do what ``torchrun`` does with its command line; ends the process if a rank has failed."""
    PContext.start = _start_ranks  # type: ignore[assignment, method-assign]
    PContext.close = _close_ranks  # type: ignore[assignment, method-assign]
    try:
        torchrun(argv)
    except ChildFailedError as error:
        sys.exit(_exit_code(error))
    except SignalException as error:
        sys.exit(128 + error.sigval)
