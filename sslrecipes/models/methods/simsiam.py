"""SimSiam."""

from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.models.methods.two_view_method import TwoViewMethod
from sslrecipes.registry import MODELS


@MODELS.register_module()
class SimSiam(TwoViewMethod):
    """Predict the embedding of each view from that of the other, which gets no gradient.

    Each view goes through the network on its own. The arguments are those of
    :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`, the head a
    :class:`sslrecipes.models.heads.prediction_head.PredictionHead` with ``distance='cosine'``.

    Source: `Exploring Simple Siamese Representation Learning <https://arxiv.org/abs/2011.10566>`_.
    """

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised views ``[g1, g2]``, each ``(B, 3, H, W)``; the joint probe sees g1."""
        features = self.features_apart(inputs)
        embeddings = [self.neck(feature) for feature in features]
        return {'loss_simsiam': self.head.loss(embeddings, embeddings), **self.probe_loss(features[0], data_samples)}
