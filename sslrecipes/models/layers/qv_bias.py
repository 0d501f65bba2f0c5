"""Attention with a bias of queries and values, but none of keys (BEiT, MAE-priv)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class QVBiasLinear(nn.Linear):
    """The projection to queries, keys and values, whose bias leaves out the keys.

    The bias keeps all ``3 * C`` values, so that the names are those of any ViT. The middle third is not read and gets
    the gradient 0: it stays what it is, 0 at first. A bias of keys would change nothing but rounding, because it adds
    the same number to all logits of a query; under Adam it would drift.

    Args:
        dims: Width C.
    """

    used: Tensor

    def __init__(self, dims: int) -> None:
        super().__init__(dims, 3 * dims)
        used = torch.cat([torch.ones(dims), torch.zeros(dims), torch.ones(dims)])
        self.register_buffer('used', used, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Project tokens ``(..., C)`` to ``(..., 3 * C)``."""
        return F.linear(x, self.weight, self.bias * self.used)


def without_key_bias(stack: nn.ModuleList) -> None:
    """Give the blocks of an encoder or decoder a :class:`QVBiasLinear` each, its bias 0."""
    for block in stack:
        attention: Any = block.attn
        attention.qkv = QVBiasLinear(attention.embed_dims)
        nn.init.zeros_(attention.qkv.bias)
