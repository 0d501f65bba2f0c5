"""The simple feature pyramid of ViTDet: every level comes from the last map of the backbone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule
from mmpretrain.models.utils import LayerNorm2d
from torch import Tensor, nn

from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS

channel_norm = partial(LayerNorm2d, eps=1e-6)
upsample = partial(nn.ConvTranspose2d, kernel_size=2, stride=2)


@MODELS.register_module()
class SimpleFPN(BaseModule):
    """Pyramid from one map: (de)convolve or pool it, then 1x1 and 3x3 convolution, each with a norm over channels.

    The strides of the levels are ``patch_size / scale``, and twice the last one: 4, 8, 16, 32, 64 for patches of 16 px,
    3.5, 7, 14, 28, 56 for 14 px; anchors and RoI extractors of the detector have to agree.

    Args:
        in_channels: Width of the map.
        out_channels: Width of the levels.
        scales: Sizes of the levels relative to the map, of 4, 2, 1 and 0.5, finest first.
        extra_level: Whether to append the last level with every other place left out (p6, for the RPN).

    Raises:
        ConfigError: For another scale.

    Source: `Exploring Plain Vision Transformer Backbones for Object Detection <https://arxiv.org/abs/2203.16527>`_,
    section 3; norms and the halving of channels as in detectron2's ``SimpleFeaturePyramid``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 256,
        scales: Sequence[float] = (4, 2, 1, 0.5),
        extra_level: bool = True,
    ) -> None:
        super().__init__()
        self.extra_level = extra_level
        self.levels = nn.ModuleList(_level(scale, in_channels, out_channels) for scale in scales)

    def forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Build levels ``(B, out_channels, scale * H, scale * W)`` from the last of ``inputs``, ``(B, C, H, W)``."""
        outputs = [level(inputs[-1]) for level in self.levels]
        if self.extra_level:
            outputs.append(F.max_pool2d(outputs[-1], kernel_size=1, stride=2))
        return tuple(outputs)


def _level(scale: float, channels: int, out_channels: int) -> nn.Sequential:
    resizing, width = _resizing(scale, channels)
    return nn.Sequential(
        *resizing,
        nn.Conv2d(width, out_channels, kernel_size=1, bias=False),
        channel_norm(out_channels),
        nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
        channel_norm(out_channels),
    )


def _resizing(scale: float, channels: int) -> tuple[list[nn.Module], int]:
    """Layers that resize a map by ``scale``, and its width behind them."""
    half, quarter = channels // 2, channels // 4
    if scale == 4:
        return [upsample(channels, half), channel_norm(half), nn.GELU(), upsample(half, quarter)], quarter
    if scale == 2:
        return [upsample(channels, half)], half
    if scale == 1:
        return [], channels
    if scale == 0.5:
        return [nn.MaxPool2d(kernel_size=2)], channels
    raise ConfigError(f'SimpleFPN: a scale is one of 4, 2, 1 and 0.5, not {scale}.')
