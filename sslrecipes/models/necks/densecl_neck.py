"""DenseCL's two projections: of the pooled features, and of each place of the map."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import whole
from sslrecipes.registry import MODELS


class DenseEmbeddings(NamedTuple):
    """Embeddings of an image and of its places, all of unit length.

    Attributes:
        image: ``(B, C)``.
        places: ``(B, C, P)``, P places of the map.
        mean_place: ``(B, C)``, the mean of the embeddings of all places before they were normalised.
    """

    image: Tensor
    places: Tensor
    mean_place: Tensor


@MODELS.register_module()
class DenseCLNeck(BaseModule):
    """Two layers on the pooled features (``mlp``), and two of 1 x 1 convolutions on the map (``mlp2``).

    Args:
        in_channels: Width of the map.
        hidden_channels: Width between the layers.
        out_channels: Width C of the embeddings.
        init_cfg: Initialisation; by default that of He for linear layers, torch's own for convolutions.

    Raises:
        ConfigError: For a width that can't be meant.

    Source: DenseCL (arXiv:2011.09157); the official names of the layers.
    """

    def __init__(
        self, in_channels: int, hidden_channels: int = 2048, out_channels: int = 128, init_cfg: Any = None
    ) -> None:
        super().__init__(init_cfg or dict(type='Kaiming', layer='Linear', mode='fan_in'))
        widths = {'in_channels': in_channels, 'hidden_channels': hidden_channels, 'out_channels': out_channels}
        refuse_bad_values('DenseCLNeck', widths, dict.fromkeys(widths, whole(1)))
        self.mlp = nn.Sequential(
            nn.Linear(in_channels, hidden_channels), nn.ReLU(inplace=True), nn.Linear(hidden_channels, out_channels)
        )
        self.mlp2 = nn.Sequential(
            nn.Conv2d(in_channels, hidden_channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden_channels, out_channels, 1),
        )
        self.out_channels = out_channels

    def forward(self, features: Tensor) -> DenseEmbeddings:
        """Embeddings of a map ``(B, D, H, W)``."""
        image, places = self.mlp(features.mean(dim=(2, 3))), self.mlp2(features)
        parts = image, places.flatten(2), places.mean(dim=(2, 3))
        return DenseEmbeddings(*(F.normalize(part, dim=1) for part in parts))
