"""MoCo v3's contrastive loss between the views of the images of a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.dist import get_rank, get_world_size
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import above
from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.gathering import gather_rows
from sslrecipes.models.losses.contrastive import contrastive_loss
from sslrecipes.models.utils.observed import Observed
from sslrecipes.models.utils.precision import at_least_float32
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCoV3Head(Observed, BaseModule):
    """A predictor, and the loss of finding the key of an image's other view among the keys of all images.

    The candidates are the keys of the micro-batch on all processes; there is no queue. Similarities are computed in
    float32 (officially in the precision of autocast). Shows 'embedding', the predictions ``(2 * B, C)``.

    Args:
        predictor: Config of the predictor, by default a :class:`sslrecipes.models.necks.mlp_neck.MLPNeck`.
        temperature: T, divides similarities; the loss is multiplied by 2T.
        init_cfg: Initialisation.

    Raises:
        ConfigError: For a temperature that isn't above 0.

    Source: MoCo v3 (arXiv:2104.02057), ``moco/builder.py`` of facebookresearch/moco-v3.
    """

    def __init__(self, predictor: dict[str, Any], temperature: float = 1.0, init_cfg: Any = None) -> None:
        super().__init__(init_cfg)
        refuse(bad_value('MoCoV3Head.temperature', temperature, above(0)), 'model.head.temperature')
        self.predictor = MODELS.build({'type': 'MLPNeck', **predictor})
        self.temperature = temperature
        self.candidates: int | None = None

    @property
    def trivial_loss(self) -> float | None:
        """Loss of a network that tells no images apart, once the batch is known: 4T ln N of N images."""
        return None if self.candidates is None else 4 * self.temperature * math.log(self.candidates)

    def check_batches(self, sizes: set[int]) -> None:
        """Learn from the numbers of images per rank how many keys there are.

        Raises:
            ConfigError: If a query has no negatives.
        """
        if min(sizes) * get_world_size() < 2:
            raise ConfigError('MoCo v3 needs two images at least: an image has no negatives on its own.')
        self.candidates = max(sizes) * get_world_size()

    def loss(self, embeddings: Sequence[Tensor], keys: Sequence[Tensor]) -> Tensor:
        """Sum of both directions: the prediction of each view against the keys of the other; collective.

        Each view goes through the predictor on its own, so that its batch norms see one view at a time.

        Args:
            embeddings: Two of ``(B, C)``.
            keys: Two of ``(B, C)``, without gradient.
        """
        predictions = [self.predictor(embedding) for embedding in embeddings]
        self.show('embedding', torch.cat(predictions))
        first, second = (self.compare(*pair) for pair in zip(predictions, reversed(keys), strict=True))
        return first + second

    def compare(self, queries: Tensor, keys: Tensor) -> Tensor:
        """One direction's loss of ``(B, C)`` queries and keys, neither normalised; collective."""
        rows = F.normalize(at_least_float32(queries), dim=1)
        candidates = gather_rows(F.normalize(at_least_float32(keys), dim=1))
        positives = torch.arange(len(rows), device=rows.device) + get_rank() * len(rows)
        return 2 * self.temperature * contrastive_loss(rows, candidates, positives, None, self.temperature)
