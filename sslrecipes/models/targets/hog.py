"""Histograms of oriented gradients, the target of MaskFeat."""

from __future__ import annotations

import torch
from mmpretrain.models import HOGGenerator as MMPretrainHOGGenerator
from torch import Tensor

from sslrecipes.registry import MODELS


@MODELS.register_module()
class HOGGenerator(MMPretrainHOGGenerator):
    """mmpretrain's ``HOGGenerator`` in float32, also under mixed precision.

    Upstream fails under autocast on CPUs, where the gradients' norm stays in half precision, and on GPUs computes the
    gradients in half precision. Args are those of mmpretrain's class.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Histograms ``(B, L, C)`` of images ``(B, 3, H, W)``."""
        with torch.autocast(x.device.type, enabled=False):
            target: Tensor = super().forward(x.float())
        return target
