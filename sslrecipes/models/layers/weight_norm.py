"""Linear layer whose weight is kept as direction and gain."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class WeightNormLinear(nn.Module):
    """Linear layer without bias whose weight rows are ``weight_g * weight_v / |weight_v|``.

    Not an ``nn.Linear``, so that initialisation of all linear layers passes it by, as officially.

    Args:
        in_features: Channels C of the input.
        out_features: Channels K of the output.
        train_gain: Whether the gain ``weight_g`` ``(K, 1)`` is trained; it starts at 1.

    Source: Weight Normalization (https://arxiv.org/abs/1602.07868); names and start of facebookresearch/dino.
    """

    def __init__(self, in_features: int, out_features: int, train_gain: bool = True) -> None:
        super().__init__()
        self.weight_g = nn.Parameter(torch.ones(out_features, 1), requires_grad=train_gain)
        self.weight_v = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.kaiming_uniform_(self.weight_v, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., C)`` to ``(..., K)``."""
        return F.linear(x, torch._weight_norm(self.weight_v, self.weight_g, dim=0))
