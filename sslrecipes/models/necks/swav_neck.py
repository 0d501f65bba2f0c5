"""SwAV's projection and prototypes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.models.layers.projection import RELU, projection
from sslrecipes.registry import MODELS


@MODELS.register_module()
class SwAVNeck(BaseModule):
    """Project features onto the unit sphere and compare them with prototypes.

    Args:
        in_channels: Width of the features.
        hidden_channels: Width between the linear layers.
        out_channels: Width C of the embedding.
        num_prototypes: Number K of prototypes.
        num_layers: Number of linear layers before the prototypes.
        with_bn: Whether batch norms follow all of them but the last.
        act_cfg: Activation between them.
        init_cfg: Initialisation; :class:`sslrecipes.models.methods.swav.SwAV` has one for all of its layers.

    Source: SwAV (arXiv:2006.09882), appendix; SSLight.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 4096,
        out_channels: int = 128,
        num_prototypes: int = 3000,
        num_layers: int = 2,
        with_bn: bool = True,
        act_cfg: Mapping[str, Any] = RELU,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        self.mlp = projection(in_channels, hidden_channels, out_channels, num_layers, with_bn, act_cfg)
        self.prototypes = nn.Linear(out_channels, num_prototypes, bias=False)

    @torch.no_grad()
    def normalize_prototypes(self) -> None:
        """Give every prototype unit length, in place."""
        self.prototypes.weight.copy_(F.normalize(self.prototypes.weight, dim=1))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embedding ``(N, C)``, rows of unit length, and its scores ``(N, K)`` of features ``(N, D)``."""
        embedding = F.normalize(self.mlp(features), dim=1)
        return embedding, self.prototypes(embedding)
