"""Rows of all processes, with gradients for those who made them."""

from __future__ import annotations

import torch
from mmengine.dist import get_world_size
from torch import Tensor
from torch.distributed.nn import functional


def gather_rows(rows: Tensor) -> Tensor:
    """Concatenate ``(N, C)`` rows of each of W processes to ``(W * N, C)``, in the order of their ranks; collective.

    Each process gets the gradients of its rows summed over all processes. Averaged over processes, as
    ``DistributedDataParallel`` does, the gradient is that of the mean of the processes' losses.
    """
    if get_world_size() == 1:
        return rows
    return torch.cat(list(functional.all_gather(rows.contiguous())))  # type: ignore[no-untyped-call]
