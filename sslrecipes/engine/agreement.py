"""Small questions that all processes of a run must answer alike, asked between optimizer steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import torch
from mmengine.dist import get_rank, get_world_size
from torch import distributed

from sslrecipes.errors import UserError

T = TypeVar('T')


@cache
def control_group() -> distributed.ProcessGroup:
    """Group of all processes over gloo: its messages neither wait for a GPU nor hold one up.

    A process that ends closes its connections, so the others hear of it at the next question instead of waiting for
    a time-out, as they would with NCCL.
    """
    group = distributed.new_group(backend='gloo')
    assert isinstance(group, distributed.ProcessGroup), 'every process is a member'
    return group


def any_rank(*flags: bool) -> list[bool]:
    """Tell for each flag whether it is set on any process; collective, every process must ask in the same order."""
    if get_world_size() == 1:
        return list(flags)
    votes = torch.tensor(flags, dtype=torch.uint8)
    distributed.all_reduce(votes, op=distributed.ReduceOp.MAX, group=control_group())
    return [bool(vote) for vote in votes.tolist()]


def from_main_process(action: Callable[[], T]) -> T:
    """Let process 0 do something: its result, or the :class:`UserError` it raises, reaches all; collective.

    Args:
        action: Returns what can be pickled.
    """
    answer: list[Any] = [None, None]
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
def leaving_process_group() -> Iterator[None]:
    """Leave the group of processes at the end, however it comes: the end of the interpreter is too late.

    Its threads may be running still then, and the process is aborted instead of ending with its exit code. NCCL is left
    only if the others are alive, as it would wait for them.
    """
    ended_well = False
    try:
        yield
        ended_well = True
    except SystemExit:
        ended_well = True
        raise
    finally:
        if distributed.is_initialized() and (ended_well or distributed.get_backend() == 'gloo'):
            control_group.cache_clear()
            distributed.destroy_process_group()
