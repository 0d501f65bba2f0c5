"""Small questions that all processes of a run must answer alike, asked between optimizer steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from mmengine.dist import get_world_size
from torch import distributed


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
