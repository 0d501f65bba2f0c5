"""MoCo's projection."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCoNeck(BaseModule):
    """Two linear layers with a ReLU between them and no norm.

    Args:
        in_channels: Width of the features.
        hidden_channels: Width of the hidden layer.
        out_channels: Width C of the embedding.
        init_cfg: Initialisation; by default weights of N(0, 0.02) and no biases.

    Source: MoCo v2 (arXiv:2003.04297); SSLight.
    """

    def __init__(
        self, in_channels: int, hidden_channels: int = 2048, out_channels: int = 128, init_cfg: Any = None
    ) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Linear', std=0.02, bias=0))
        self.mlp = nn.Sequential(
            nn.Linear(in_channels, hidden_channels), nn.ReLU(inplace=True), nn.Linear(hidden_channels, out_channels)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Embedding ``(N, C)``, not normalised, of features ``(N, D)``."""
        embedding: Tensor = self.mlp(features)
        return embedding
