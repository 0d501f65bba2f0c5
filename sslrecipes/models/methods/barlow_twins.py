"""Barlow Twins."""

from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.models.methods.two_view_method import TwoViewMethod
from sslrecipes.registry import MODELS


@MODELS.register_module()
class BarlowTwins(TwoViewMethod):
    """Let channels of the embedding be the same for both views of an image, and tell different things.

    Each view goes through the network on its own. The arguments are those of
    :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`, the head a
    :class:`sslrecipes.models.heads.cross_correlation_head.CrossCorrelationHead`.

    Source: `Barlow Twins: Self-Supervised Learning via Redundancy Reduction <https://arxiv.org/abs/2103.03230>`_.
    """

    @property
    def trivial_loss(self) -> float:
        """Loss of a network that doesn't tell images apart, whose channels correlate with none: their number."""
        return float(self.neck.out_channels)

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised views ``[g1, g2]``, each ``(B, 3, H, W)``; the joint probe sees g1."""
        features = self.features_apart(inputs)
        loss = self.head.loss(*(self.neck(feature) for feature in features))
        return {'loss_barlow_twins': loss, **self.probe_loss(features[0], data_samples)}
