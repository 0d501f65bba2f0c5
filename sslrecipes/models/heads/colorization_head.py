"""Colorization's loss: which colour each place has."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import above, part, share, whole
from sslrecipes.models.utils.colours import NUM_BINS, colour_bins, soft_encoding
from sslrecipes.models.utils.micro_batches import MicroBatches
from sslrecipes.models.utils.precision import at_least_float32, full_precision
from sslrecipes.registry import MODELS


@MODELS.register_module()
class ColorizationHead(BaseModule):
    """Classifier of bins of colours, with a cross-entropy in which rare colours weigh more.

    A place has its colour divided among the nearest bins. It weighs ``w = 1 / ((1 - λ) p + λ / Q)`` of its nearest one,
    where p is how often that colour comes among all places; the mean weight is 1.

    Buffers: ``prior`` ``(Q,)``, p as a moving average over the optimizer steps of all processes, all colours alike at
    first. A step's own colours enter with its last micro-batch, so that all of them have the same weights.

    Args:
        in_channels: Width of the map.
        num_neighbours: Number of bins that a colour is divided among.
        sigma: Of the Gaussian by whose values it is divided, in units of Lab.
        uniform_share: λ, above 0, or a colour that never comes would weigh infinitely; 1 lets all weigh the same.
        prior_momentum: Share that the prior keeps in an optimizer step.
        init_cfg: Initialisation; by default weights of N(0, 0.01) and no biases.

    Raises:
        ConfigError: For a number that can't be meant.

    Source: `Colorful Image Colorization <https://arxiv.org/abs/1603.08511>`_, section 2.2, where the prior is counted
    on all images before the training and smoothed; here it is counted while training, of the shares of bins, which
    are smooth already.
    """

    bins: Tensor
    prior: Tensor

    def __init__(
        self,
        in_channels: int,
        num_neighbours: int = 5,
        sigma: float = 5.0,
        uniform_share: float = 0.5,
        prior_momentum: float = 0.99,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Conv2d', std=0.01))
        wholes = {'in_channels': whole(1), 'num_neighbours': whole(1, NUM_BINS + 1)}
        given = {'in_channels': in_channels, 'num_neighbours': num_neighbours, 'sigma': sigma}
        refuse_bad_values('ColorizationHead', given, {**wholes, 'sigma': above(0)})
        shares = {'uniform_share': uniform_share, 'prior_momentum': prior_momentum}
        refuse_bad_values('ColorizationHead', shares, {'uniform_share': part, 'prior_momentum': share})
        self.num_neighbours = num_neighbours
        self.sigma = sigma
        self.uniform_share = uniform_share
        self.prior_momentum = prior_momentum
        self.classify = nn.Conv2d(in_channels, NUM_BINS, 1)
        self.register_buffer('bins', colour_bins(), persistent=False)
        self.register_buffer('prior', torch.full((NUM_BINS,), 1 / NUM_BINS))
        self.micro_batches = MicroBatches()

    def loss(self, features: Tensor, colours: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and accuracy (%) of a map of features; the last micro-batch moves the prior; collective.

        Args:
            features: ``(B, C, H, W)``.
            colours: a and b of the same places, ``(B, 2, H, W)``.
        """
        with full_precision(features):
            logits, places = map(rows_of, (self.classify(at_least_float32(features)), colours))
            bins, shares = soft_encoding(places, self.bins, self.num_neighbours, self.sigma)
            terms = -(logits.log_softmax(dim=1).gather(1, bins) * shares).sum(dim=1)
            loss = (self.weights()[bins[:, 0]] * terms).mean()
        self._count(bins, shares)
        accuracy = 100 * (logits.detach().argmax(dim=1) == bins[:, 0]).float().mean()
        return loss, accuracy

    def weights(self) -> Tensor:
        """Weight of each bin, ``(Q,)``."""
        weights = 1 / ((1 - self.uniform_share) * self.prior + self.uniform_share / NUM_BINS)
        return weights / (self.prior * weights).sum()

    @torch.no_grad()
    def _count(self, bins: Tensor, shares: Tensor) -> None:
        """Keep how often each bin comes among the places of a micro-batch; after the last one move the prior."""
        counts = torch.zeros_like(self.prior).index_add_(0, bins.flatten(), shares.flatten().to(self.prior.dtype))
        if step := self.micro_batches.add(counts / len(bins)):
            mean = torch.stack(step).mean(dim=0)
            all_reduce(mean, 'mean')
            self.prior.lerp_(mean, 1 - self.prior_momentum)


def rows_of(maps: Tensor) -> Tensor:
    """Rows ``(B * H * W, C)`` of maps ``(B, C, H, W)``."""
    return maps.movedim(1, 3).flatten(0, 2)
