"""SimCLR."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F  # noqa: N812
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.models.methods.multi_crop_method import forward_views
from sslrecipes.models.methods.two_view_method import TwoViewMethod
from sslrecipes.registry import MODELS


@MODELS.register_module()
class SimCLR(TwoViewMethod):
    """Tell the other view of an image from the views of all other images.

    Both views go through the network together, so that batch norms see them as one batch. The arguments are those of
    :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`, the head a
    :class:`sslrecipes.models.heads.simclr_head.SimCLRHead`.

    Source: `A Simple Framework for Contrastive Learning of Visual Representations <https://arxiv.org/abs/2002.05709>`_.
    """

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised views ``[g1, g2]``, each ``(B, 3, H, W)``; the joint probe sees g1."""
        features = forward_views(self.backbone, inputs)
        loss = self.head.loss(F.normalize(self.neck(features), dim=1))
        return {'loss_simclr': loss, **self.probe_loss(features[: len(inputs[0])], data_samples)}
