"""SimCLR's contrastive loss between the two views of each image."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import above
from sslrecipes.errors import ConfigError, RunError
from sslrecipes.models.layers.gathering import gather_rows
from sslrecipes.models.losses.contrastive import contrastive_loss
from sslrecipes.models.utils.observed import Observed
from sslrecipes.registry import MODELS

_TEMPERATURES = dict.fromkeys(('temperature', 'base_temperature'), above(0))


@MODELS.register_module()
class SimCLRHead(Observed, BaseModule):
    """Find the other view of the same image among the views of all images (NT-Xent).

    Shows 'embedding', the rows ``(2 * B, C)``.

    Args:
        temperature: T, divides similarities.
        base_temperature: The loss is multiplied by ``temperature / base_temperature``, a factor of loss and gradients
            and no temperature: S3L's 0.07, which comes from SupCon. None for the loss of the paper.
        gather: Whether the negatives are those of all processes, as in the paper, or those of this one, as in S3L.
        init_cfg: Initialisation.

    Raises:
        ConfigError: For a temperature that isn't above 0.

    Source: SimCLR (arXiv:2002.05709); ``SupConLoss`` as S3L uses it.
    """

    def __init__(
        self,
        temperature: float = 0.1,
        base_temperature: float | None = None,
        gather: bool = True,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        base = temperature if base_temperature is None else base_temperature
        refuse_bad_values('SimCLRHead', {'temperature': temperature, 'base_temperature': base}, _TEMPERATURES)
        self.temperature = temperature
        self.factor = temperature / base
        self.gather = gather
        self.others: int | None = None

    @property
    def trivial_loss(self) -> float | None:
        """Loss of a network that tells no images apart, once the batch is known: ln(2B - 1), times the factor."""
        return None if self.others is None else self.factor * math.log(self.others)

    def check_batches(self, sizes: set[int]) -> None:
        """Learn from the numbers of images per rank how many candidates there are beside an anchor.

        Raises:
            ConfigError: If an anchor has no negatives.
        """
        ranks = get_world_size() if self.gather else 1
        if min(sizes) * ranks < 2:
            raise ConfigError('SimCLR needs the views of two images at least: an image has no negatives on its own.')
        self.others = 2 * max(sizes) * ranks - 1

    def loss(self, embeddings: Tensor) -> Tensor:
        """Loss of ``(2 * B, C)`` rows of unit length, first the first views of all images, then the second ones.

        Collective if negatives are gathered.

        Raises:
            RunError: For an odd number of rows, of which one would have no positive.
        """
        self.show('embedding', embeddings)
        rows = len(embeddings)
        if rows % 2:
            raise RunError(f'SimCLR compares two views of each image, but {rows} rows came.')
        candidates, first = (gather_rows(embeddings), get_rank() * rows) if self.gather else (embeddings, 0)
        itself = torch.arange(first, first + rows, device=embeddings.device)
        positives = itself.roll(rows // 2)
        return self.factor * contrastive_loss(embeddings, candidates, positives, itself, self.temperature)
