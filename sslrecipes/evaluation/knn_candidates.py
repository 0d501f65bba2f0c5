"""The largest entries of each row of a matrix that comes block by block."""

from __future__ import annotations

import time
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

#: One in so many similarities is looked at further, if it is large enough.
GROUPS = 16


class Found(NamedTuple):
    """Rows of a bank for each query, and their similarities, both ``(B, K)``."""

    similarity: Tensor
    rows: Tensor


def nothing_found(rows: int, count: int, like: Tensor) -> Found:
    """Lists of ``count`` places for each query, to be filled by :func:`merge`."""
    return Found(like.new_full((rows, count), -torch.inf), like.new_zeros((rows, count), dtype=torch.int32))


def merge(best: Found, similarity: Tensor, start: int) -> None:
    """Put those of a block's similarities that are larger than the smallest of ``best`` in its place; unsorted.

    Most blocks have few: they are found by the largest of every 16 similarities.

    Args:
        best: Lists ``(B, K)``, changed in place.
        similarity: Similarities of the queries and a block of the bank ``(B, P)``.
        start: The block's first row.
    """
    size, wanted = similarity.shape[1], best.rows.shape[1]
    groups = GROUPS if size % GROUPS == 0 else 1
    grouped = similarity.view(len(similarity), groups, size // groups)
    peaks = grouped.amax(1)
    most = int((peaks > best.similarity.amin(1, keepdim=True)).sum(1).max())
    if not most:
        return
    columns = peaks.topk(min(most, wanted), sorted=False).indices[:, None]
    steps = torch.arange(start, start + size, size // groups, device=columns.device)[:, None]
    values = torch.cat([best.similarity, grouped.gather(2, columns.expand(-1, groups, -1)).flatten(1)], dim=1)
    index = torch.cat([best.rows, (columns + steps).int().flatten(1)], dim=1)
    largest, places = values.topk(wanted, sorted=False)
    best.similarity.copy_(largest)
    best.rows.copy_(index.gather(1, places))


def screening_dtype(bank: Tensor) -> torch.dtype:
    """Precision in which neighbours in ``bank`` are looked for at first: bfloat16 if that is much faster."""
    products_matter = bank.device.type == 'cpu' and bank.dtype == torch.float32 and len(bank) >= 32768
    return torch.bfloat16 if products_matter and _bfloat16_is_faster() else bank.dtype


@cache
def _bfloat16_is_faster() -> bool:
    """Whether this processor multiplies matrices in bfloat16 at least 1.5 times as fast as in float32."""
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, b = torch.ones(256, 512, dtype=dtype), torch.ones(4096, 512, dtype=dtype)
        trials = []
        for _ in range(4):
            start = time.perf_counter()
            a @ b.T
            trials.append(time.perf_counter() - start)
        seconds[dtype] = min(trials)
    return seconds[torch.float32] > 1.5 * seconds[torch.bfloat16]
