"""MoCo's contrastive loss against a queue of keys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.dist import all_gather, get_world_size
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import above
from sslrecipes.config.rules.queues import shorter_than_a_step, torn_batches
from sslrecipes.models.losses.view_weights import ViewWeights
from sslrecipes.models.utils.micro_batches import MicroBatches
from sslrecipes.models.utils.observed import Observed
from sslrecipes.registry import MODELS

_LENGTH = 'model.head.queue_length'


@MODELS.register_module()
class MoCoHead(Observed, BaseModule):
    """Tell the key of the same image from the keys of earlier images, for each query view.

    Shows 'embedding', the queries ``(Q * B, C)``.

    Buffers: ``queue`` ``(C, K)``, columns of unit length, random at first, the same on all ranks; ``queue_ptr``
    ``(1,)``, the column that is replaced next. The keys of an optimizer step enter with its last micro-batch, so that
    all of them meet the same negatives.

    Attributes:
        keys_per_image: Keys that each image adds to the queue; the method says it.

    Args:
        loss_weights: See :class:`sslrecipes.models.losses.view_weights.ViewWeights`.
        feat_channels: Width C of the embedding.
        queue_length: Number K of keys, a multiple of the global batch, and no fewer than an optimizer step makes.
        temperature: Divides similarities.
        init_cfg: Initialisation.

    Source: MoCo v2 (arXiv:2003.04297), with several query views as in SSLight (arXiv:2210.02808).
    """

    queue: Tensor
    queue_ptr: Tensor
    queue_of_negatives = True

    def __init__(
        self,
        loss_weights: Sequence[float],
        feat_channels: int = 128,
        queue_length: int = 65536,
        temperature: float = 0.2,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        refuse(bad_value('MoCoHead.temperature', temperature, above(0)), 'model.head.temperature')
        self.weights = ViewWeights(loss_weights)
        self.queue_length = queue_length
        self.temperature = temperature
        self.register_buffer('queue', F.normalize(torch.randn(feat_channels, queue_length), dim=0))
        self.register_buffer('queue_ptr', torch.zeros(1, dtype=torch.long))
        self.micro_batches = MicroBatches()
        self.keys_per_image = 1

    @property
    def trivial_loss(self) -> float:
        """Loss of a network that doesn't tell images apart: ln(K + 1), weighted."""
        return sum(self.weights.weights) * math.log(self.queue_length + 1)

    @property
    def queues(self) -> tuple[Tensor, ...]:
        """All queues, which take keys at the same place."""
        return (self.queue,)

    def check_batches(self, sizes: set[int]) -> None:
        """Refuse numbers of images per rank, see :meth:`check_batch`."""
        for size in sizes:
            self.check_batch(size)

    def check_batch(self, batch: int) -> None:
        """Refuse ``batch`` images per rank if the queue isn't a number of whole global batches, or less than a step's.

        Raises:
            ConfigError: If so.
        """
        ranks, count = get_world_size(), self.micro_batches.count
        batch *= self.keys_per_image
        refuse(torn_batches(_LENGTH, self.queue_length, batch, ranks), _LENGTH)
        refuse(shorter_than_a_step(_LENGTH, self.queue_length, batch, count, ranks), _LENGTH)

    def loss(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Compare queries with keys; the last micro-batch puts the step's keys of all ranks into the queue; collective.

        Args:
            queries: ``(Q * B, C)``, rows of unit length, the rows of each of Q views together.
            keys: ``(B, C)``, rows of unit length, without gradient.
        """
        self.show('embedding', queries)
        logits = self.logits(queries, keys)
        if step := self.micro_batches.add(keys):
            self.enqueue(torch.cat(step))
        return self.criterion(logits, len(queries) // len(keys))

    def logits(self, queries: Tensor, keys: Tensor, queue: Tensor | None = None) -> Tensor:
        """Similarities ``(Q * B, 1 + K)`` over temperature: of each query to its image's key, then to the queue's.

        Args:
            queries: ``(Q * B, C)``.
            keys: ``(B, C)``.
            queue: ``(C, K)``; the head's own by default.
        """
        queries = queries / self.temperature
        positives = (queries * keys.repeat(len(queries) // len(keys), 1)).sum(dim=1, keepdim=True)
        queue = self.queue if queue is None else queue
        negatives = queries @ queue.clone()  # the backward pass needs the keys that enqueue replaces
        return torch.cat([positives, negatives], dim=1)

    def criterion(self, logits: Tensor, num_queries: int) -> Tensor:
        """Weighted loss of logits ``(Q * B, 1 + K)`` of ``num_queries`` views, the positive in column 0."""
        labels = logits.new_zeros(len(logits), dtype=torch.long)
        terms = F.cross_entropy(logits, labels, reduction='none').unflatten(0, (num_queries, -1)).mean(dim=1)
        return self.weights(terms[:1].unbind(), terms[1:].unbind())

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Replace the oldest keys by those ``(B, C)`` of each rank, of several queues side by side; collective."""
        newest = torch.cat(all_gather(keys.to(self.queue.dtype)))
        columns = (self.queue_ptr + torch.arange(len(newest), device=keys.device)) % self.queue_length
        for queue, rows in zip(self.queues, newest.T.chunk(len(self.queues)), strict=True):
            queue.index_copy_(1, columns, rows)
        self.queue_ptr.add_(len(newest)).remainder_(self.queue_length)
