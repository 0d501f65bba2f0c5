"""MobileNetV2 whose features are as large as segmentation needs them."""

from __future__ import annotations

from typing import Any

from mmpretrain.models import MobileNetV2
from torch import nn

from sslrecipes.registry import MODELS


@MODELS.register_module()
class DilatedMobileNetV2(MobileNetV2):
    """mmpretrain's ``MobileNetV2`` that stops to subsample at a stride, and dilates its convolutions from there on.

    A dilated convolution takes the same weights. mmpretrain has this for ResNets only.

    Args:
        output_stride: Pixels of the image per pixel of the last feature map: 8, 16 or 32.
        **kwargs: Arguments of ``mmpretrain.MobileNetV2``.
    """

    def __init__(self, output_stride: int = 8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        stride, dilation = 1, 1
        for conv in (module for module in self.modules() if isinstance(module, nn.Conv2d)):
            if conv.stride == (2, 2) and stride < output_stride:
                stride *= 2
            elif conv.stride == (2, 2):
                conv.stride = (1, 1)
                dilation *= 2
            if conv.kernel_size == (3, 3):
                conv.dilation = conv.padding = (dilation, dilation)
