"""DenseCL's contrastive losses: of images, and of places that look alike."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import share
from sslrecipes.models.heads.moco_head import MoCoHead
from sslrecipes.models.necks.densecl_neck import DenseEmbeddings
from sslrecipes.registry import MODELS


@MODELS.register_module()
class DenseCLHead(MoCoHead):
    """Tell the key of the same image from those of earlier images, and do the same for each place of the map.

    The key of a place is that of the place of the other view whose features are the most similar; its negatives are
    ``queue2``, the mean places of earlier images. Both queues have the same length and pointer, and take the keys of an
    optimizer step with its last micro-batch.

    Args:
        loss_lambda: Weight λ of the loss of places; that of images has ``1 - λ``.
        **kwargs: Arguments of :class:`sslrecipes.models.heads.moco_head.MoCoHead`.

    Raises:
        ConfigError: For a weight that isn't from 0 to 1.

    Source: DenseCL (arXiv:2011.09157).
    """

    queue2: Tensor

    def __init__(self, loss_lambda: float = 0.5, **kwargs: Any) -> None:
        super().__init__(loss_weights=(1.0,), **kwargs)
        refuse(bad_value('DenseCLHead.loss_lambda', loss_lambda, share), 'model.head.loss_lambda')
        self.loss_lambda = loss_lambda
        self.register_buffer('queue2', F.normalize(torch.randn_like(self.queue), dim=0))

    @property
    def queues(self) -> tuple[Tensor, ...]:
        """That of images and that of places."""
        return self.queue, self.queue2

    def dense_loss(
        self, queries: DenseEmbeddings, keys: DenseEmbeddings, query_map: Tensor, key_map: Tensor
    ) -> dict[str, Tensor]:
        """Both losses, weighted; the last micro-batch puts the step's keys of all ranks into the queues; collective.

        Args:
            queries: Embeddings of the one view.
            keys: Embeddings of the other, without gradient.
            query_map: Features of the backbone ``(B, D, P)``, by which places of the one view find those of the other.
            key_map: Those of the other view.
        """
        self.show('embedding', queries.image)
        of_images = self.criterion(self.logits(queries.image, keys.image), 1)
        matched = keys.places.gather(2, matches(query_map, key_map)[:, None].expand_as(queries.places))
        rows, their_keys = (places.transpose(1, 2).flatten(0, 1) for places in (queries.places, matched))
        of_places = self.criterion(self.logits(rows, their_keys, self.queue2), 1)
        if step := self.micro_batches.add(torch.cat([keys.image, keys.mean_place], dim=1)):
            self.enqueue(torch.cat(step))
        return {'loss_image': (1 - self.loss_lambda) * of_images, 'loss_place': self.loss_lambda * of_places}


@torch.no_grad()
def matches(query_map: Tensor, key_map: Tensor) -> Tensor:
    """For each of P places of a map ``(B, D, P)`` the most similar one of another: int64 ``(B, P)``."""
    query, key = (F.normalize(features, dim=1) for features in (query_map, key_map))
    return (query.transpose(1, 2) @ key).argmax(dim=2)
