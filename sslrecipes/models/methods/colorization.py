"""Colorization: telling the colours of a grey image."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.multi_crop_method import pooled_output
from sslrecipes.models.methods.one_view_method import OneViewMethod
from sslrecipes.models.utils.colours import rgb_to_lab
from sslrecipes.models.utils.precision import full_precision
from sslrecipes.registry import MODELS


@MODELS.register_module()
class Colorization(OneViewMethod):
    """Tell the colour of each place of an image from its lightness.

    The network gets the lightness L of Lab in all three channels, on the scale of grey levels and normalised as
    pictures are, so that it is an ordinary one of three channels afterwards. Evaluate it on pictures of which
    :class:`sslrecipes.datasets.transforms.lightness.Lightness` has made the same; :meth:`extract_feat` does so itself.

    Args:
        backbone: Config of the backbone, whose last output is a feature map.
        neck: Config of an :class:`sslrecipes.models.necks.upsampling_neck.UpsamplingNeck`.
        head: Config of a :class:`sslrecipes.models.heads.colorization_head.ColorizationHead`.
        **kwargs: Further arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`; the data
            preprocessor normalises pictures, and makes RGB of them (``to_rgb=True``).

    Raises:
        ConfigError: If the data preprocessor doesn't.

    Source: `Colorful Image Colorization <https://arxiv.org/abs/1603.08511>`_.
    """

    def __init__(self, backbone: dict[str, Any], neck: dict[str, Any], head: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(backbone, neck, head, **kwargs)
        preprocessor = self.data_preprocessor
        if not (getattr(preprocessor, '_channel_conversion', False) and hasattr(preprocessor, 'mean')):
            raise ConfigError(
                'Colorization takes colours from normalised RGB pictures: set data_preprocessor.mean, .std and '
                '.to_rgb=True.',
                'data_preprocessor',
            )

    def loss(self, inputs: Tensor, data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised images ``(B, 3, H, W)``; the joint probe sees their lightness."""
        lab = self.lab_of(inputs)
        features = self.backbone(self.grey_of(lab))[-1]
        places = self.neck(features)
        colours = F.adaptive_avg_pool2d(lab[:, 1:], places.shape[2:])
        loss, accuracy = self.head.loss(places, colours)
        pooled = features.float().mean(dim=(2, 3))
        return {'loss_colorization': loss, 'colour_top1': accuracy, **self.probe_loss(pooled, data_samples)}

    def extract_feat(self, inputs: Tensor) -> Tensor:
        """Features ``(B, C)`` of the lightness of normalised images ``(B, 3, H, W)``."""
        return pooled_output(self.backbone, self.grey_of(self.lab_of(inputs)))

    @torch.no_grad()
    def lab_of(self, inputs: Tensor) -> Tensor:
        """Lab ``(B, 3, H, W)`` of normalised images."""
        with full_precision(inputs):
            levels = inputs * self.data_preprocessor.std + self.data_preprocessor.mean
            return rgb_to_lab((levels / 255).clamp(0, 1))

    def grey_of(self, lab: Tensor) -> Tensor:
        """Normalised grey images ``(B, 3, H, W)`` of the lightness in Lab."""
        levels = 2.55 * lab[:, :1].expand(-1, 3, -1, -1)
        grey: Tensor = (levels - self.data_preprocessor.mean) / self.data_preprocessor.std
        return grey
