"""Attention with a bias of queries and values, but none of keys (BEiT, MAE-priv)."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models.utils import MultiheadAttention
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


class QVBiasAttention(MultiheadAttention):
    """mmpretrain's ``MultiheadAttention`` without a bias of keys, and with less copying in the backward pass.

    Queries, keys and values are unbound where they lie side by side, so that their gradients are written once into the
    place from which the projection reads them; upstream fills, pads and adds three tensors of their joint size.

    Args:
        embed_dims: Width C.
        num_heads: Heads.
        **kwargs: Further arguments of ``MultiheadAttention``.
    """

    def __init__(self, embed_dims: int, num_heads: int, **kwargs: Any) -> None:
        super().__init__(embed_dims, num_heads, **kwargs)
        self.qkv = QVBiasLinear(embed_dims)

    def forward(self, x: Tensor) -> Tensor:
        """Attend among tokens ``(B, N, C)``."""
        joint = self.qkv(x).unflatten(-1, (3, self.num_heads, self.head_dims))
        q, k, v = (part.transpose(1, 2) for part in joint.unbind(2))
        attended = F.scaled_dot_product_attention(q, k, v, dropout_p=self.attn_drop if self.training else 0.0)
        mixed = self.proj_drop(self.proj(attended.transpose(1, 2).flatten(2)))
        output: Tensor = self.out_drop(self.gamma1(mixed))
        return output


def without_key_bias(stack: nn.ModuleList) -> None:
    """Replace the attention of an encoder's or decoder's blocks by :class:`QVBiasAttention`, unless it has no bias."""
    for block in stack:
        built: Any = block.attn
        if built.qkv.bias is None:
            continue
        attention = QVBiasAttention(built.embed_dims, built.num_heads, attn_drop=built.attn_drop)
        attention.proj_drop, attention.gamma1, attention.out_drop = built.proj_drop, built.gamma1, built.out_drop
        nn.init.zeros_(attention.qkv.bias)
        block.attn = attention


def without_qkv_bias(stack: nn.ModuleList) -> None:
    """Take the bias of queries, keys and values from the attention of an encoder's or decoder's blocks."""
    for block in stack:
        attention: Any = block.attn
        attention.qkv = nn.Linear(attention.qkv.in_features, attention.qkv.out_features, bias=False)
