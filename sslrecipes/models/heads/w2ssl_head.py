"""What and where: which image a region comes from, and which part of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.dist import get_world_size
from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.config.rules import refuse, refuse_bad_values
from sslrecipes.config.rules.checks import Check, above, number, one_of, whole
from sslrecipes.config.rules.regions import LAYOUTS, REGIONS, VIEWS, torn_montages
from sslrecipes.errors import ConfigError
from sslrecipes.models.losses.supervised_contrastive import supervised_contrastive_loss
from sslrecipes.models.utils.observed import Observed
from sslrecipes.registry import MODELS

_OPTIONS: dict[str, Check] = {
    'in_channels': whole(1),
    'num_regions': one_of(*LAYOUTS),
    **dict.fromkeys(('temperature', 'base_temperature'), above(0)),
    **dict.fromkeys(('where_weight', 'what_weight'), number(0)),
}


@MODELS.register_module()
class W2SSLHead(Observed, BaseModule):
    """A linear classifier of positions, and a contrastive loss whose classes are the images.

    Shows 'embedding', the predictions ``(2 * R * n, C)``.

    Args:
        in_channels: Width of the backbone's features, of which the position is told.
        predictor: Config of the predictor, by default a :class:`sslrecipes.models.necks.mlp_neck.MLPNeck`.
        num_regions: Number R of regions of an image.
        temperature: T, divides similarities.
        base_temperature: The contrastive loss is multiplied by ``temperature / base_temperature``.
        where_weight: Weight of the positions' loss; at 0 the classifier isn't trained. (Officially it decays then.)
        what_weight: Weight of the contrastive loss.
        init_cfg: Initialisation; torch's own by default, as officially.

    Raises:
        ConfigError: For a value that can't be meant, or two weights of 0.

    Source: W2SSL (IEEE TCSVT 2023), ``moco/builder.py``.
    """

    def __init__(
        self,
        in_channels: int,
        predictor: dict[str, Any],
        num_regions: int = REGIONS,
        temperature: float = 0.3,
        base_temperature: float = 0.07,
        where_weight: float = 1.0,
        what_weight: float = 1.0,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        temperatures = {'temperature': temperature, 'base_temperature': base_temperature}
        weights = {'where_weight': where_weight, 'what_weight': what_weight}
        given = {'in_channels': in_channels, 'num_regions': num_regions, **temperatures, **weights}
        refuse_bad_values('W2SSLHead', given, _OPTIONS)
        if not any(weights.values()):
            raise ConfigError('W2SSLHead: where_weight and what_weight are both 0, so that nothing would be learnt.')
        self.predictor = MODELS.build({'type': 'MLPNeck', **predictor})
        self.where = nn.Linear(in_channels, num_regions).requires_grad_(where_weight > 0)
        self.num_regions = num_regions
        self.temperature = temperature
        self.where_weight = where_weight
        self.what_weight = what_weight
        self.factor = temperature / base_temperature
        self.rows: int | None = None

    @property
    def trivial_loss(self) -> float | None:
        """Loss of a network that tells neither images nor positions apart, once the batch is known."""
        if self.rows is None:
            return None
        what = VIEWS * self.factor * math.log(self.rows - 1)
        return self.where_weight * math.log(self.num_regions) + self.what_weight * what

    def check_batches(self, sizes: set[int]) -> None:
        """Refuse numbers of images per process that make no whole montages.

        Raises:
            ConfigError: If so, or if there is only one image.
        """
        for size in sizes:
            refuse(torn_montages('train_dataloader.batch_size', size, self.num_regions))
        if min(sizes) * get_world_size() < 2:
            raise ConfigError('W2SSL needs two images at least: an image has no negatives on its own.')
        self.rows = VIEWS * self.num_regions * max(sizes) * get_world_size()

    def where_loss(self, features: Tensor, regions: Tensor) -> dict[str, Tensor]:
        """Loss of telling regions, and the share told rightly (%).

        Args:
            features: ``(R * n, D)``.
            regions: int64 ``(R * n,)``.
        """
        logits = self.where(features)
        accuracy = 100 * (logits.detach().argmax(dim=1) == regions).float().mean()
        return {'loss_where': self.where_weight * F.cross_entropy(logits, regions), 'where_top1': accuracy}

    def what_loss(self, embeddings: Sequence[Tensor], keys: Sequence[Tensor], images: Tensor) -> Tensor:
        """Loss of finding all views and regions of an image, summed over both directions.

        Each view goes through the predictor on its own, so that its batch norms see one view at a time. In each
        direction the predictions of one view and the keys of the other are anchors alike; keys get no gradient.

        Args:
            embeddings: Two of ``(R * n, C)``, of view 1 and view 2.
            keys: Two of ``(R * n, C)``, the momentum encoder's.
            images: int64 ``(R * n,)``, the image of each row.
        """
        predictions = [self.predictor(embedding) for embedding in embeddings]
        self.show('embedding', torch.cat(predictions))
        labels = images.repeat(VIEWS)
        directions = [
            supervised_contrastive_loss(_unit_rows(query, key.detach()), labels, self.temperature)
            for query, key in zip(predictions, reversed(keys), strict=True)
        ]
        return self.what_weight * self.factor * sum(directions[1:], directions[0])


def _unit_rows(queries: Tensor, keys: Tensor) -> Tensor:
    """Rows of both, in float32 and of unit length."""
    return F.normalize(torch.cat([queries.float(), keys.float()]), dim=1)
