"""What of a cross-entropy no prediction can take away."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def entropy(probabilities: Tensor) -> Tensor:
    """Mean entropy of distributions ``(..., K)`` in nats: the least that a cross-entropy against them can be.

    A cross-entropy near it has been learnt, however high it is; where it is near ln K, there is little to learn.

    Example:
        >>> round(entropy(torch.full((2, 4), 0.25)).item(), 4)  # ln 4
        1.3863
    """
    return torch.special.entr(probabilities.float()).sum(dim=-1).mean()
