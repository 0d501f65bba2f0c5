"""Failures of the machinery below a run, told in one sentence."""

from __future__ import annotations

import errno
import logging
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_rank
from torch.utils.data import DataLoader

from sslrecipes.compat.local_files import last_read
from sslrecipes.datasets.images.decoding import BadImageError
from sslrecipes.datasets.seeding import batch_size_of
from sslrecipes.datasets.workers import dead_worker
from sslrecipes.distributed.control import from_every_process
from sslrecipes.engine.loops import SSLIterTrainLoop
from sslrecipes.errors import DataError, RunError, StorageError, UserError

#: What gloo, NCCL and the store of torch say when the other end is gone or silent.
PEER_LOST = (
    'Connection closed by peer',
    'Connection reset by peer',
    'Broken pipe',
    'Connection was likely closed',
    'Timed out waiting',
    'remote process exited',
    'NCCL remote error',
    'collective operation timeout',
)

#: What the allocators of CPU memory say; those of GPUs have a type of their own.
NO_CPU_MEMORY = ("can't allocate memory", 'Cannot allocate memory')
#: What torch says of tensors of more bytes than 64 bits count.
NO_SIZE = 'Storage size calculation overflowed'

LOST_STORAGE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO)

#: What to do when the cause is mended.
AGAIN = {'train': 'Continue with --resume.', 'test': 'Evaluate again.'}

SECONDS_TO_FIND_OUT = 2.0  # a process that dies closes its connections a moment before the others see that it is gone


@dataclass(frozen=True)
class Peer:
    """Another process of the run.

    Args:
        rank: Its number in the run.
        host: Name of its machine.
        pid: Its number on that machine.
    """

    rank: int
    host: str
    pid: int

    def has_ended(self) -> bool:
        """Tell whether the process is on this machine and gone."""
        if self.host != platform.node():
            return False
        try:
            state = Path(f'/proc/{self.pid}/stat').read_text().rpartition(')')[2].split()[0]
        except OSError:
            return True
        return state in 'ZX'


def find_peers() -> list[Peer]:
    """Return the other processes of the run; collective."""
    own = Peer(get_rank(), platform.node(), os.getpid())
    return [peer for peer in from_every_process(own) if peer != own]


@contextmanager
def explained(runner: Any, phase: str = 'train') -> Iterator[None]:
    """Turn failures of memory, loader workers and other processes in this context into one sentence.

    Whatever ends the context early, hooks may clean up in ``after_abort(runner)``; the traceback of an unexpected error
    goes to the log file.

    Args:
        runner: The runner that trains or evaluates in the context; collective.
        phase: ``'train'`` or ``'test'``.

    Raises:
        RunError: Instead of the low-level error, which is its cause. An error in the share of the data that only this
            process reads becomes one, too, so that every process prints it.
    """
    peers = find_peers()
    try:
        yield
    except UserError as caught:
        runner.call_hook('after_abort')
        if isinstance(caught, DataError) and get_rank():
            raise RunError(str(caught)) from caught
        raise
    except Exception as first:
        error = settled(first)
        runner.call_hook('after_abort')
        log_traceback(runner.logger, error)
        sentence = sentence_for(error, runner, peers, phase)
        if sentence is None:
            raise
        raise RunError(sentence) from error
    except BaseException:
        runner.call_hook('after_abort')
        raise


def settled(error: Exception) -> Exception:
    """Return the error, or the better one that torch raises as soon as the kernel tells it that a loader worker died.

    What a dying worker leaves half done may fail first: "connection reset", while a batch is handed over.
    """
    if isinstance(error, (OSError, EOFError)):
        try:
            time.sleep(SECONDS_TO_FIND_OUT)
        except RuntimeError as later:
            return later
    return error


def sentence_for(error: Exception, runner: Any, peers: list[Peer], phase: str = 'train') -> str | None:
    """Say what happened and what to do, or return ``None`` for an error that isn't of the machinery."""
    if is_out_of_memory(error):
        return out_of_memory(error, runner, phase)
    if isinstance(error, OSError) and is_lost_storage(error, runner.work_dir):
        return f'A file of the run could not be written: {error}. Make room, or bring it back. {AGAIN[phase]}'
    if isinstance(error, BadImageError):  # read by an evaluator or a hook; loaders have a policy of their own
        return f'"{last_read()}" can not be read: {error}. Mend it. {AGAIN[phase]}'
    if isinstance(error, RuntimeError) and any(words in str(error) for words in PEER_LOST):
        return lost_peer(peers, phase) if peers else None
    sentences = (dead_worker(error, loader) for loader in loaders_of(runner, phase))
    return next(filter(None, sentences), None)


def loaders_of(runner: Any, phase: str) -> list[DataLoader[Any]]:
    """Return the loaders that a phase reads, as far as they are built."""
    if phase == 'train':
        return [runner.train_dataloader]
    loaders = [getattr(runner._test_loop, name, None) for name in ('dataloader', 'bank')]
    return [loader for loader in loaders if isinstance(loader, DataLoader)]


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether ``error`` says that memory of the GPU or of the machine ran out."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or (isinstance(error, RuntimeError) and any(words in str(error) for words in NO_CPU_MEMORY))


def is_too_large(error: Exception) -> bool:
    """Tell whether ``error`` says that something is larger than all memory, or than can be counted."""
    return is_out_of_memory(error) or NO_SIZE in str(error)


def is_lost_storage(error: OSError, work_dir: str) -> bool:
    """Tell whether ``error`` says that a disk is full or gone, or that a file of the run's folder can't be used."""
    return error.errno in LOST_STORAGE or str(error.filename).startswith(work_dir)


def unwritable(error: OSError, work_dir: str) -> StorageError:
    """Say that the first files of a run could not be written."""
    file = f' ("{error.filename}")' if error.filename and error.filename != work_dir else ''
    return StorageError(f'The work dir "{work_dir}" can not be written: {error.strerror or error}{file}.')


def out_of_memory(error: Exception, runner: Any, phase: str = 'train') -> str:
    """Say what to lower."""
    if phase != 'train':
        return f'{_no_memory(error)}: lower batch_size or num_workers of the loaders. {AGAIN[phase]}'
    batch, counts = batch_size_of(runner.train_dataloader), runner.accumulative_counts
    counted = isinstance(runner.train_loop, SSLIterTrainLoop)
    length = ', as well as train_cfg.max_iters and all else that counts batches' if counted else ''
    return (
        f'{_no_memory(error)} at {batch} images per process and micro-batch: halve train_dataloader.batch_size and '
        f'double optim_wrapper.accumulative_counts (now {counts}){length}, which keeps the batch of an optimizer step '
        f'(but not that of batch norms); --amp saves memory of the GPU, a smaller train_dataloader.num_workers that of '
        f'the machine. Continue with --resume --accept-changes.'
    )


def _no_memory(error: Exception) -> str:
    return f'Out of memory of the {"GPU" if isinstance(error, torch.OutOfMemoryError) else "machine"}'


def lost_peer(peers: list[Peer], phase: str = 'train') -> str:
    """Say which other process is gone, as far as it can be known here."""
    deadline = time.monotonic() + SECONDS_TO_FIND_OUT
    while not (ended := [peer for peer in peers if peer.has_ended()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    if ended:
        names = ' and '.join(f'Rank {peer.rank} (process {peer.pid} on this machine)' for peer in ended)
        return f'{names} of this run ended before its time: see its own message. {AGAIN[phase]}'
    return f'Another process of this run ended before its time or does not answer: see its own message. {AGAIN[phase]}'


def log_traceback(logger: logging.Logger, error: Exception) -> None:
    """Write the traceback of ``error`` to the log file only, and only once."""
    if vars(error).setdefault('times_logged', 0):
        return
    vars(error)['times_logged'] = 1
    exc_info = type(error), error, error.__traceback__
    record = logger.makeRecord(logger.name, logging.ERROR, __file__, 0, 'The run failed:', (), exc_info)
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            with suppress(StorageError):  # what happened matters more
                handler.handle(record)


@cache
def leave_lost_storage_to_the_main_thread() -> None:
    """Print no traceback when a thread can't write: TensorBoard's hands the error over to who uses it."""
    otherwise = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if not (isinstance(args.exc_value, OSError) and args.exc_value.errno in LOST_STORAGE):
            otherwise(args)

    threading.excepthook = hook


def end_if_unwritable(handler: logging.FileHandler) -> None:
    """Let the first line that can't be written to a log file raise a :class:`StorageError`, and no later one."""

    def fail(record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logging.FileHandler.handleError(handler, record)
            return
        handler.setLevel(logging.CRITICAL + 1)
        with suppress(OSError):  # closed now, lest the interpreter tries to write the rest at its end
            handler.close()
        raise StorageError(
            f'The log "{handler.baseFilename}" can not be written: {error.strerror or error}.'
        ) from error

    handler.handleError = fail  # type: ignore[method-assign]
