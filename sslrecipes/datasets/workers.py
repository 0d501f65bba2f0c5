"""Processes that load images for a training: they live as long as it does, and say what they were at if they can't."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import multiprocessing.util
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch._C import _error_if_any_worker_fails
from torch.utils.data import DataLoader, get_worker_info

_MOST_WORKERS = 1024
_SECONDS_TO_FIND_OUT = 2.0
_PID, _INDEX, _NO_INDEX = 0, 1, -1
_DEATH = re.compile(r'DataLoader worker \(pid(?:\(s\))? (\d+)[\d, ]*\) (?:is killed by signal: (.+?)\. )?')
_ADVICE = {
    'Killed': (
        'Most likely the machine (or the job) ran out of memory: lower train_dataloader.num_workers (now {workers}) or '
        'batch_size, or ask for more memory.'
    ),
    'Bus error': 'Most likely the shared memory is full: make /dev/shm larger, or lower train_dataloader.num_workers.',
    'Segmentation fault': 'Most likely a decoder fails at that file: remove it.',
}
_OTHERWISE = 'See the messages above, or load in the main process with train_dataloader.num_workers=0.'


class Trail:
    """What each worker of a loader is reading, in memory shared with the main process: 16 bytes per worker."""

    def __init__(self) -> None:
        self._rows = torch.zeros(_MOST_WORKERS + 1, 2, dtype=torch.int64).share_memory_()

    def sign(self) -> NDArray[np.int64]:
        """Return the one-element array in which this process notes the index of each sample before it reads it."""
        worker = get_worker_info()
        row: NDArray[np.int64] = self._rows.numpy()[worker.id % _MOST_WORKERS if worker else _MOST_WORKERS]
        row[_PID] = os.getpid()
        return row[_INDEX:]

    def find(self, pid: int) -> tuple[int, int | None] | None:
        """Return the number of the worker that is, or was, process ``pid``, and the index it began to read last."""
        found = (self._rows[:_MOST_WORKERS, _PID] == pid).nonzero()
        if not len(found):
            return None
        worker = int(found[0])
        index = int(self._rows[worker, _INDEX])
        return worker, None if index == _NO_INDEX else index


def init_worker(worker_id: int, inner: Callable[[int], Any] | None = None) -> None:
    """Begin a worker: the ``worker_init_fn`` of a loader.

    Signals that reach a whole process group or Slurm step (Ctrl-C, SIGTERM, SIGUSR1) are for the main process, which
    could not save a checkpoint if its workers went first, as torch's would. SIGTERM from the main process ends the
    worker. (A spawned worker with threads of its own keeps torch's way for SIGTERM.) A worker whose main process was
    killed ends; torch's would wait for ever for somebody to take its last batch.

    Args:
        worker_id: Number of the worker.
        inner: The function that would have been called otherwise.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    for number in (signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_obey_parent, daemon=True).start()
    multiprocessing.util.Finalize(None, _leave_if_orphaned, exitpriority=10)  # before queues are waited for
    worker = get_worker_info()
    trail = getattr(worker.dataset, 'trail', None) if worker else None
    if trail is not None:
        trail.sign()[0] = _NO_INDEX
    if inner is not None:
        inner(worker_id)


def _obey_parent() -> None:
    parent = multiprocessing.parent_process()
    while parent and signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent.pid:
        pass
    os._exit(0)


def _leave_if_orphaned() -> None:
    parent = multiprocessing.parent_process()
    if parent and os.getppid() != parent.pid:  # is_alive() is true as long as a sibling lives
        os._exit(0)


def dead_worker(error: BaseException, loader: DataLoader[Any]) -> str | None:
    """Say which worker of ``loader`` died, of what, at which image, and what to do.

    Args:
        error: What was raised in the main process: torch's message, or that of a connection to a worker that broke.
        loader: A loader whose data set has a :class:`Trail`.

    Returns:
        Some sentences, or ``None`` if ``error`` doesn't tell of the death of a worker of this loader.
    """
    trail = getattr(loader.dataset, 'trail', None)
    if trail is None:
        return None
    for pid, number in _deaths(error):
        if found := trail.find(pid):
            worker, index = found
            cause = f'was ended by the signal "{number}"' if number else 'ended by itself'
            advice = _ADVICE.get(number or '', _OTHERWISE).format(workers=loader.num_workers)
            return f'Data worker {worker} (process {pid}) {cause} {_place(loader.dataset, index)}. {advice}'
    return None


def _deaths(error: BaseException) -> Iterator[tuple[int, str | None]]:
    """Yield number and signal of each process that torch, or else the kernel, tells to have died."""
    ended = dict(_ended_children())
    links = [*_chain(error), *_late_notice(error)]
    told = [match for link in links if (match := _DEATH.search(str(link)))]
    for death in sorted(told, key=lambda match: match[2] is None):  # the one that names the signal first
        yield int(death[1]), death[2] or ended.get(int(death[1]))
    if _is_broken_connection(error):  # torch says it once, and may have said it where nobody could hear
        yield from _ended_children()


def _ended_children() -> Iterator[tuple[int, str | None]]:
    """Yield number and signal of each child process of this one that ended otherwise than well."""
    dangling: Iterable[BaseProcess] = getattr(multiprocessing.process, '_dangling', ())
    for process in [*dangling]:
        with suppress(ValueError):  # closed
            pid, code = process.ident, process.exitcode
            if pid and code:
                yield pid, signal.strsignal(-code) if code < 0 else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _late_notice(error: BaseException) -> Iterator[RuntimeError]:
    """Yield torch's message, if there is one by now; wait for it if ``error`` is the broken connection before it."""
    deadline = time.monotonic() + (_SECONDS_TO_FIND_OUT if _is_broken_connection(error) else 0)
    try:
        _error_if_any_worker_fails()
        while time.monotonic() < deadline:
            time.sleep(0.02)
            _error_if_any_worker_fails()
    except RuntimeError as notice:
        yield notice


def _is_broken_connection(error: BaseException) -> bool:
    """Whether it is what the main process meets when a worker dies while it hands over a batch."""
    return isinstance(error, (ConnectionError, EOFError, FileNotFoundError)) or 'ancillary data' in str(error)


def _place(dataset: Any, index: int | None) -> str:
    """Say how far a worker came."""
    if index is None:
        return 'before it read an image'
    info = dataset.get_data_info(index) if hasattr(dataset, 'get_data_info') else {}
    file = f' ("{info["img_path"]}")' if 'img_path' in info else ''
    return f'while it read image {index}{file}, or when it had done so'
