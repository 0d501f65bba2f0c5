"""Questions that all processes of a run must answer alike, over connections that no GPU holds up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import torch
from mmengine.dist import get_rank, get_world_size
from torch import distributed

from sslrecipes.errors import UserError

T = TypeVar('T')

#: Seconds for which the processes of a run wait for each other, unless ``env_cfg.dist_cfg.timeout`` says.
TIMEOUT = 1800.0
_SECONDS_BETWEEN_SIGNS = 10.0
_limit = {'seconds': TIMEOUT}


def limit_waiting(seconds: float) -> None:
    """Say how long the control group waits for a process; before its first use."""
    _limit['seconds'] = seconds


@cache
def control_group() -> distributed.ProcessGroup:
    """Group of all processes over gloo: its messages neither wait for a GPU nor hold one up.

    A process that ends closes its connections, so the others hear of it at the next question instead of waiting for
    a time-out, as they would with NCCL.
    """
    group = distributed.new_group(backend='gloo', timeout=timedelta(seconds=_limit['seconds']))
    assert isinstance(group, distributed.ProcessGroup), 'every process is a member'
    return group


def any_rank(*flags: bool) -> list[bool]:
    """Tell for each flag whether it is set on any process; collective, every process must ask in the same order."""
    if get_world_size() == 1:
        return list(flags)
    votes = torch.tensor(flags, dtype=torch.uint8)
    distributed.all_reduce(votes, op=distributed.ReduceOp.MAX, group=control_group())
    return [bool(vote) for vote in votes.tolist()]


def from_every_process(value: T) -> list[T]:
    """Return the values of all processes, by rank; collective.

    Args:
        value: Can be pickled.
    """
    if get_world_size() == 1:
        return [value]
    values: list[Any] = [None] * get_world_size()
    distributed.all_gather_object(values, value, group=control_group())
    return values


def from_main_process(action: Callable[[], T]) -> T:
    """Let process 0 do something: its result, or the :class:`UserError` it raises, reaches all; collective.

    Args:
        action: Takes as long as it needs, asks the other processes nothing, and returns what can be pickled.
    """
    answer: list[Any] = [None, None]
    with working_apart():
        if get_rank() == 0:
            try:
                answer[0] = action()
            except UserError as error:
                answer[1] = error
    if get_world_size() > 1:
        distributed.broadcast_object_list(answer, group=control_group())
    result, failure = answer
    if failure:
        raise failure
    return result  # type: ignore[no-any-return]  # what the action returned


@contextmanager
def working_apart() -> Iterator[None]:
    """Let each process work for as long as it takes, and meet at the end; collective.

    Who is ready waits for the others. No time-out is met meanwhile, since each process gives a sign of life now and
    then. The control group mustn't be used in the context.
    """
    if get_world_size() == 1:
        yield
        return
    ready, failures = threading.Event(), list[Exception]()
    signs = threading.Thread(target=_give_signs, args=(ready, failures), daemon=True)
    control_group()  # its making is collective: not beside what the main thread does
    signs.start()
    try:
        yield
    finally:
        ready.set()
    signs.join()
    for failure in failures:
        raise failure


def _give_signs(ready: threading.Event, failures: list[Exception]) -> None:
    """Meet the other processes now and then, until all are ready."""
    seconds = min(_SECONDS_BETWEEN_SIGNS, _limit['seconds'] / 4)
    try:
        while any_rank(not ready.is_set())[0]:
            ready.wait(seconds)
    except Exception as error:  # noqa: BLE001  the main thread raises it
        failures.append(error)
