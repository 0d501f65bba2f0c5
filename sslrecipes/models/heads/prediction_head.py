"""Predicting the embedding of one view from that of another: the losses of BYOL and SimSiam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import one_of
from sslrecipes.models.utils.observed import Observed
from sslrecipes.models.utils.precision import full_precision
from sslrecipes.registry import MODELS

DISTANCES = ('squared', 'cosine')


@MODELS.register_module()
class PredictionHead(Observed, BaseModule):
    """A predictor, and the distance between what it predicts and what was to be predicted.

    Shows 'embedding', the predictions ``(2 * B, C)``.

    Args:
        predictor: Config of the predictor, by default a :class:`sslrecipes.models.necks.mlp_neck.MLPNeck`.
        distance: 'squared': that of the vectors brought to unit length, ``2 - 2 cos``, summed over both directions, as
            in BYOL. 'cosine': ``-cos``, averaged over both directions, as in SimSiam.
        init_cfg: Initialisation.

    Raises:
        ConfigError: For a distance that there isn't.

    Source: BYOL (arXiv:2006.07733), SimSiam (arXiv:2011.10566).
    """

    def __init__(self, predictor: dict[str, Any], distance: str, init_cfg: Any = None) -> None:
        super().__init__(init_cfg)
        refuse(bad_value('PredictionHead.distance', distance, one_of(*DISTANCES)))
        self.predictor = MODELS.build({'type': 'MLPNeck', **predictor})
        self.distance = distance

    def loss(self, embeddings: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
        """Loss of predicting the target of each view from the embedding of the other.

        Each view goes through the predictor on its own, so that its batch norms see one view at a time.

        Args:
            embeddings: Two of ``(B, C)``.
            targets: Two of ``(B, C)``; they get no gradient.
        """
        predictions = [self.predictor(embedding) for embedding in embeddings]
        self.show('embedding', torch.cat(predictions))
        terms = [self._compare(*pair) for pair in zip(predictions, reversed(targets), strict=True)]
        return sum(terms[1:], terms[0])

    def _compare(self, prediction: Tensor, target: Tensor) -> Tensor:
        """One direction's share of the loss."""
        with full_precision(prediction):
            cosine = F.cosine_similarity(prediction.float(), target.detach().float()).mean()
        return 2 - 2 * cosine if self.distance == 'squared' else -cosine / 2
