"""Rotation: telling by how much an image was turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.sizes import differ
from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.multi_crop_method import pooled_output
from sslrecipes.models.methods.one_view_method import OneViewMethod
from sslrecipes.registry import MODELS

NUM_ROTATIONS = 4


@MODELS.register_module()
class Rotation(OneViewMethod):
    """Turn each image by 0, 90, 180 and 270 degrees and tell which is which (RotNet).

    All four of an image are in the batch, so that the network sees four times as many images as the data gives.

    Args:
        backbone: Config of the backbone.
        head: Config of a :class:`sslrecipes.models.heads.pretext_cls_head.PretextClsHead` with four classes.
        neck: Config of what comes between them; nothing by default.
        **kwargs: Further arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`.

    Raises:
        ConfigError: If the head has another number of classes.

    Source: `Unsupervised Representation Learning by Predicting Image Rotations <https://arxiv.org/abs/1803.07728>`_.
    """

    def __init__(
        self, backbone: dict[str, Any], head: dict[str, Any], neck: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(backbone, neck, head, **kwargs)
        place, classes = 'model.head.num_pretext_classes', self.head.num_pretext_classes
        refuse(differ(place, classes, 'the number of rotations', NUM_ROTATIONS), place)

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse several views, and images that turning changes the shape of.

        Raises:
            ConfigError: If there are.
        """
        super().check_views(inputs)
        assert isinstance(inputs, Tensor)
        height, width = inputs.shape[2:]
        if height != width:
            raise ConfigError(
                f'Rotation turns square images, these are {width} x {height} pixels: crop or resize them to a square.'
            )

    def loss(self, inputs: Tensor, data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised images ``(B, 3, S, S)``; the joint probe sees them as they come."""
        turned = torch.cat([inputs.rot90(turns, (2, 3)) for turns in range(NUM_ROTATIONS)])
        labels = torch.arange(NUM_ROTATIONS, device=inputs.device).repeat_interleave(len(inputs))
        features = pooled_output(self.backbone, turned)
        loss, accuracy = self.head.loss(self.neck(features) if self.with_neck else features, labels)
        upright = features[: len(inputs)]
        return {'loss_rotation': loss, 'rotation_top1': accuracy, **self.probe_loss(upright, data_samples)}
