"""DINO's projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.models.layers.projection import GELU, projection
from sslrecipes.models.layers.weight_norm import WeightNormLinear
from sslrecipes.models.utils.initialization import normal_init
from sslrecipes.models.utils.observed import Observed
from sslrecipes.registry import MODELS


@MODELS.register_module()
class DINONeck(Observed, BaseModule):
    """Linear layers with GELU between, L2 norm, and a weight-normalised linear layer.

    Shows 'embedding', the L2-normalised bottleneck ``(N, bottleneck_channels)``.

    Args:
        in_channels: Width C of the features.
        hidden_channels: Channels between the linear layers.
        bottleneck_channels: Channels of the last of them.
        out_channels: Number K of outputs.
        with_bn: Whether batch norms follow all linear layers but the last (their biases stay).
        norm_last_layer: Whether the gain of the weight-normalised layer stays 1, or is trained.
        num_layers: Number of linear layers before the L2 norm.
        act_cfg: Activation between them.
        init_cfg: Initialisation on top of the official one, N(0, 0.02) and zero bias for the linear layers.

    Source: DINO (https://arxiv.org/abs/2104.14294), ``DINOHead``.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 2048,
        bottleneck_channels: int = 256,
        out_channels: int = 4096,
        with_bn: bool = True,
        norm_last_layer: bool = True,
        num_layers: int = 3,
        act_cfg: Mapping[str, Any] = GELU,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        self.mlp = projection(in_channels, hidden_channels, bottleneck_channels, num_layers, with_bn, act_cfg)
        self.last_layer = WeightNormLinear(bottleneck_channels, out_channels, train_gain=not norm_last_layer)

    def init_weights(self) -> None:
        """Initialise the MLP; the last layer keeps torch's start of a linear layer."""
        if not self.is_init:
            normal_init(self.mlp, std=0.02)
        super().init_weights()

    def forward(self, features: Tensor) -> Tensor:
        """Map features ``(N, C)`` to outputs ``(N, K)``; batch norms see all rows as one batch."""
        embedding = F.normalize(self.mlp(features), dim=1)
        self.show('embedding', embedding)
        outputs: Tensor = self.last_layer(embedding)
        return outputs
