"""MoCo's projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.models.layers.projection import RELU, projection
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCoNeck(BaseModule):
    """Linear layers with a ReLU between them.

    Args:
        in_channels: Width of the features.
        hidden_channels: Width between the linear layers.
        out_channels: Width C of the embedding.
        num_layers: Number of linear layers; 1 as in MoCo v1.
        with_bn: Whether batch norms follow all of them but the last.
        act_cfg: Activation between them.
        init_cfg: Initialisation; by default weights of N(0, 0.02) and no biases.

    Source: MoCo v2 (arXiv:2003.04297); SSLight.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 2048,
        out_channels: int = 128,
        num_layers: int = 2,
        with_bn: bool = False,
        act_cfg: Mapping[str, Any] = RELU,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Linear', std=0.02, bias=0))
        self.mlp = projection(in_channels, hidden_channels, out_channels, num_layers, with_bn, act_cfg)
        self.out_channels = out_channels

    def forward(self, features: Tensor) -> Tensor:
        """Embedding ``(N, C)``, not normalised, of features ``(N, D)``."""
        embedding: Tensor = self.mlp(features)
        return embedding
