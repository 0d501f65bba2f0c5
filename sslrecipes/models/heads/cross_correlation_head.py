"""Barlow Twins' loss between the two views of each image."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import number
from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.gathering import gather_rows
from sslrecipes.models.losses.cross_correlation import cross_correlation_loss
from sslrecipes.models.utils.observed import Observed
from sslrecipes.registry import MODELS


@MODELS.register_module()
class CrossCorrelationHead(Observed, BaseModule):
    """Make the two views of an image agree in every channel, and the channels differ from one another.

    The correlations are those of the images of all processes. With gradient accumulation they are those of a
    micro-batch, as there is no sum over micro-batches that would give those of the whole batch.

    Shows 'embedding', the rows ``(2 * B, D)``.

    Args:
        off_weight: Weight of the correlations between different channels, λ of the paper.
        init_cfg: Initialisation.

    Raises:
        ConfigError: For a negative weight.

    Source: Barlow Twins (arXiv:2103.03230). The official code sums the correlations over processes without their
    gradients, which leaves a gradient of 1 / W of this one with W processes.
    """

    def __init__(self, off_weight: float = 0.0051, init_cfg: Any = None) -> None:
        super().__init__(init_cfg)
        refuse_bad_values('CrossCorrelationHead', {'off_weight': off_weight}, {'off_weight': number(0)})
        self.off_weight = off_weight

    def check_batches(self, sizes: set[int]) -> None:
        """Refuse batches that have no correlations.

        Raises:
            ConfigError: If there is one of a single image over all processes.
        """
        if min(sizes) * get_world_size() < 2:
            raise ConfigError(
                'BarlowTwins correlates channels over a batch, and there are batches of one image: change '
                'train_dataloader.batch_size, or set drop_last=True if it is the last one.'
            )

    def loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Loss of ``(B, D)`` embeddings of the one and the other view; collective."""
        self.show('embedding', torch.cat([first, second]))
        return cross_correlation_loss(gather_rows(first), gather_rows(second), self.off_weight)
