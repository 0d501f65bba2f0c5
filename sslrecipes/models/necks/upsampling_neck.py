"""From a small map of features to a larger one."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import whole
from sslrecipes.registry import MODELS


@MODELS.register_module()
class UpsamplingNeck(BaseModule):
    """Convolutions of 3 x 3, each with batch norm and ReLU, between which the map doubles its sides, bilinearly.

    Args:
        in_channels: Width of the map.
        hidden_channels: Width of what comes out, and of all between.
        num_doublings: How often the sides double; there is one convolution more.
        init_cfg: Initialisation; torch's own by default.

    Raises:
        ConfigError: For a number that can't be meant.
    """

    def __init__(
        self, in_channels: int, hidden_channels: int = 256, num_doublings: int = 3, init_cfg: Any = None
    ) -> None:
        super().__init__(init_cfg)
        widths = {'in_channels': in_channels, 'hidden_channels': hidden_channels}
        refuse_bad_values('UpsamplingNeck', widths, dict.fromkeys(widths, whole(1)))
        refuse_bad_values('UpsamplingNeck', {'num_doublings': num_doublings}, {'num_doublings': whole(0)})
        layers: list[nn.Module] = []
        for block in range(num_doublings + 1):
            layers += [nn.Upsample(scale_factor=2, mode='bilinear', align_corners=False)] if block else []
            channels = hidden_channels if block else in_channels
            layers.append(nn.Conv2d(channels, hidden_channels, 3, padding=1, bias=False))
            layers += [nn.BatchNorm2d(hidden_channels), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(B, C, s * H, s * W)``, ``s = 2 ** num_doublings``, of one ``(B, D, H, W)``."""
        larger: Tensor = self.layers(features)
        return larger
