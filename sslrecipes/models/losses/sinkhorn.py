"""Equipartition of samples over prototypes."""

from __future__ import annotations

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


@torch.no_grad()
def sinkhorn(scores: Tensor, epsilon: float = 0.05, iterations: int = 3) -> Tensor:
    """Assign samples softly to prototypes so that all prototypes get about the same share of the samples of all ranks.

    The ranks' results, one under the other, are those of one process with all samples; collective. Nothing guards
    against prototypes without any share, as officially. The constants cancel, but for the roundings of official code.

    Args:
        scores: ``(..., n, K)`` similarities of n samples of this rank to K prototypes, which reach from -1 to 1.
        epsilon: Smoothness: the larger, the more alike the rows.
        iterations: Rounds, at least 1.

    Returns:
        Float32 tensor ``(..., n, K)`` whose rows sum to 1.

    Source: SwAV (arXiv:2006.09882), section 3.1; ``distributed_sinkhorn`` of facebookresearch/swav and SSLight.
    """
    codes = (scores.float() / epsilon).exp()
    samples, prototypes = scores.shape[-2] * get_world_size(), scores.shape[-1]
    codes = codes / over_all_ranks(codes.sum(dim=(-2, -1), keepdim=True))
    for _ in range(iterations):
        codes = codes / over_all_ranks(codes.sum(dim=-2, keepdim=True)) / prototypes
        codes = codes / codes.sum(dim=-1, keepdim=True) / samples
    return codes * samples


def over_all_ranks(sums: Tensor) -> Tensor:
    """Add up the sums of all ranks, in place; collective."""
    all_reduce(sums)
    return sums
