"""Rows of all processes, with gradients for those who made them."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import all_gather, all_reduce, get_rank, get_world_size
from torch import Tensor


def gather_rows(rows: Tensor) -> Tensor:
    """Concatenate ``(N, ...)`` rows of each of W processes to ``(W * N, ...)``, in the order of ranks; collective.

    Each process gets the gradients of its rows summed over all processes. Averaged over processes, as
    ``DistributedDataParallel`` does, the gradient is that of the mean of the processes' losses.
    """
    if get_world_size() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows)
    return gathered


class _Gather(torch.autograd.Function):
    """As torch's ``distributed.nn.functional.all_gather``, which mixes up gradients that aren't contiguous."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        return torch.cat(all_gather(rows.contiguous()))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        all_reduce(total)
        return total.chunk(get_world_size())[get_rank()]
