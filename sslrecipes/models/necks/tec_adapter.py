"""TEC's encoder adapter: fuses all layers of the student."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models.utils import build_norm_layer
from torch import Tensor, nn

from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.mlp import MLP


class EncoderAdapter(nn.Module):
    """Fuse D layer outputs into one tensor, in G groups of consecutive layers.

    Args:
        dims: Student width C.
        num_layers: Student depth D.
        num_groups: G; D must be divisible by it.
        hidden_dims: Hidden width of the group MLPs (officially 4 x decoder width).
        norm_cfg: Norm before and after.

    Source: ``FeatureAdaptor`` of sail-sg/TEC.
    """

    def __init__(self, dims: int, num_layers: int, num_groups: int, hidden_dims: int, norm_cfg: dict[str, Any]) -> None:
        super().__init__()
        if num_groups < 1 or num_layers % num_groups:
            raise ConfigError(f'TECNeck: {num_layers} layers do not split into num_groups={num_groups} equal groups.')
        group_dims = num_layers // num_groups * dims
        self.norm_in = build_norm_layer(norm_cfg, num_layers * dims)
        self.fuse = nn.ModuleList(nn.Linear(group_dims, dims) for _ in range(num_groups))
        self.mlps = nn.ModuleList(MLP(dims, hidden_dims) for _ in range(num_groups))
        self.norm_out = build_norm_layer(norm_cfg, dims)

    def forward(self, layers: list[Tensor]) -> Tensor:
        """Map D tensors ``(B, N, C)`` in depth order to ``(B, N, C)``."""
        groups = self.norm_in(torch.cat(layers, dim=-1)).chunk(len(self.fuse), dim=-1)
        fused = [fuse(group) for fuse, group in zip(self.fuse, groups, strict=True)]
        return self.norm_out(sum(y + mlp(y) for mlp, y in zip(self.mlps, fused, strict=True)))
