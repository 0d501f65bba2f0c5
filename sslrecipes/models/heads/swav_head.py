"""SwAV's loss, with the queue of embeddings that help to assign the present ones."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import whole
from sslrecipes.config.rules.queues import shorter_than_a_step
from sslrecipes.errors import ConfigError
from sslrecipes.models.losses.sinkhorn import sinkhorn
from sslrecipes.models.losses.view_cross_entropy import least_cross_entropy, swapped_cross_entropy
from sslrecipes.models.losses.view_weights import NUM_GLOBALS, ViewWeights
from sslrecipes.models.utils.micro_batches import MicroBatches
from sslrecipes.models.utils.observed import Observed
from sslrecipes.models.utils.precision import full_precision
from sslrecipes.registry import MODELS

_LENGTH = 'model.head.queue_length'


@MODELS.register_module()
class SwAVHead(Observed, BaseModule):
    """Predict the prototypes of a global view from every other view of the image.

    From ``queue_start_epoch`` on, each rank keeps the embeddings of its latest images, newest step first, for each of
    the two global views. Once that queue is full it is assigned along with the present images. It holds so many rows
    per rank that those of all ranks are ``queue_length``, rounded down to whole optimizer steps.

    Micro-batches of a step are assigned along with those of the step before them, so that the last one gets the codes
    that it would have in one batch; the queue moves with the last one.

    Shows 'embedding' ``(V * B, C)`` and 'assignment', the codes ``(2 * B, K)``.

    Buffers: ``queue`` ``(2, queue_length, C)``, of which the first ``queue_layout[0]`` rows are in use;
    ``queue_layout``: rows per rank and number of ranks, zeros before the queue starts. A queue of another layout, after
    a change of the number of processes or of the batch size, is emptied, says so, and fills again within a few steps.

    Args:
        loss_weights: See :class:`sslrecipes.models.losses.view_weights.ViewWeights`.
        feat_channels: Width C of the embedding.
        temperature: Divides the scores that are predicted from.
        epsilon: See :func:`sslrecipes.models.losses.sinkhorn.sinkhorn`.
        sinkhorn_iterations: Rounds of it.
        queue_length: Most embeddings of a view to keep, over all ranks; 0 for none.
        queue_start_epoch: First epoch that keeps embeddings, from 0.
        init_cfg: Initialisation.

    Attributes:
        num_prototypes: Number K of prototypes; set by the method.
        target_entropy: What the last loss would have been with perfect predictions.

    Raises:
        ConfigError: For fewer than one round; in training if the queue is shorter than an optimizer step, or if not
            all batches have one size.

    Source: SwAV (arXiv:2006.09882); loss weights of SSLight (arXiv:2210.02808).
    """

    queue: Tensor
    queue_layout: Tensor

    def __init__(
        self,
        loss_weights: Sequence[float],
        feat_channels: int = 128,
        temperature: float = 0.1,
        epsilon: float = 0.05,
        sinkhorn_iterations: int = 3,
        queue_length: int = 3840,
        queue_start_epoch: int = 15,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        refuse(bad_value('SwAVHead.sinkhorn_iterations', sinkhorn_iterations, whole(1)))
        self.weights = ViewWeights(loss_weights)
        self.temperature = temperature
        self.epsilon = epsilon
        self.sinkhorn_iterations = sinkhorn_iterations
        self.queue_length = queue_length
        self.queue_start_epoch = queue_start_epoch
        self.register_buffer('queue', torch.zeros(NUM_GLOBALS, queue_length, feat_channels))
        self.register_buffer('queue_layout', torch.zeros(2, dtype=torch.long))
        self.micro_batches = MicroBatches()
        self.target_entropy: Tensor | None = None
        self.batch_size: int | None = None
        self.num_prototypes: int | None = None

    @property
    def trivial_loss(self) -> float | None:
        """Loss of a network that doesn't tell images apart: ln K, weighted; None outside a method."""
        return sum(self.weights.weights) * math.log(self.num_prototypes) if self.num_prototypes else None

    def loss(self, embedding: Tensor, scores: Tensor, prototypes: Tensor, num_views: int, epoch: int) -> Tensor:
        """Predict codes, after a step's embeddings of the global views have gone into the queue.

        Args:
            embedding: ``(V * B, C)``, rows of unit length, the rows of a view together.
            scores: ``(V * B, K)``.
            prototypes: ``(K, C)``.
            num_views: Number V of views.
            epoch: Present epoch, from 0.

        Returns:
            Scalar, computed in float32 under autocast, too.
        """
        self.weights.check(num_views)
        self.show('embedding', embedding)
        with full_precision(scores):
            views = scores.float().unflatten(0, (num_views, -1))
            newest = embedding.detach().float().unflatten(0, (num_views, -1))[:NUM_GLOBALS]
            codes = self.assign(newest, views[:NUM_GLOBALS].detach(), prototypes.detach().float(), epoch)
            self.show('assignment', codes.flatten(0, 1))
            self.target_entropy = least_cross_entropy(codes, self.weights)
            return swapped_cross_entropy(codes, views, self.weights, self.temperature)

    @torch.no_grad()
    def assign(self, embedding: Tensor, scores: Tensor, prototypes: Tensor, epoch: int) -> Tensor:
        """Codes ``(2, B, K)`` of the global views, from their embedding ``(2, B, C)`` and scores ``(2, B, K)``."""
        batch = scores.shape[1]
        scores = torch.cat([*(earlier @ prototypes.T for earlier in self.micro_batches.kept), scores], dim=1)
        step = self.micro_batches.add(embedding)
        if self.queue_length:
            self._check_batch(batch)
            if epoch >= self.queue_start_epoch:
                queue = self._open_queue(self.effective_rows(batch))
                if queue[:, -1].any(dim=1).all():
                    scores = torch.cat([queue @ prototypes.T, scores], dim=1)
                if step:
                    queue.copy_(torch.cat([*step, queue], dim=1)[:, : queue.shape[1]])
        return sinkhorn(scores, self.epsilon, self.sinkhorn_iterations)[:, -batch:]

    def check_batches(self, sizes: set[int]) -> None:
        """Refuse numbers of images per rank that the queue can't hold.

        Raises:
            ConfigError: If there are several, or they are too large.
        """
        if self.queue_length:
            for size in sorted(sizes, reverse=True):
                self._check_batch(size)

    def effective_rows(self, batch: int) -> int:
        """Rows of this rank's queue for micro-batches of ``batch`` images per rank."""
        ranks = get_world_size()
        return (self.queue_length - self.queue_length % (batch * self.micro_batches.count * ranks)) // ranks

    def _check_batch(self, batch: int) -> None:
        """Refuse batches that the queue can't hold, in the first epoch already."""
        count, ranks = self.micro_batches.count, get_world_size()
        refuse(shorter_than_a_step(_LENGTH, self.queue_length, batch, count, ranks, may_be_none=True), _LENGTH)
        if self.batch_size not in (None, batch):
            raise ConfigError(
                f'SwAVHead: the queue needs batches of one size, after {self.batch_size} images per process came '
                f'{batch}: set train_dataloader.drop_last=True.'
            )
        self.batch_size = batch

    def _open_queue(self, rows: int) -> Tensor:
        """Return the part ``(2, rows, C)`` of the queue that is in use, empty if it was laid out otherwise."""
        layout, stored = [rows, get_world_size()], self.queue_layout.tolist()
        if stored != layout:
            if any(stored):
                print_log(
                    f'The queue of SwAVHead is emptied and fills again: it held {stored[0]} rows on each of '
                    f'{stored[1]} processes, now there are {rows} on each of {layout[1]}.',
                    logger='current',
                    level=logging.WARNING,
                )
            self.queue.zero_()
            self.queue_layout.copy_(torch.tensor(layout))
        return self.queue[:, :rows]
