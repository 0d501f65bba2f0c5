"""Classifier of pretext tasks, whose classes the task makes itself."""

from __future__ import annotations

import math
from typing import Any

import torch.nn.functional as F  # noqa: N812
from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import whole
from sslrecipes.models.utils.observed import Observed
from sslrecipes.registry import MODELS


@MODELS.register_module()
class PretextClsHead(Observed, BaseModule):
    """Linear classifier with cross-entropy.

    Shows 'embedding', the features ``(N, C)``.

    Args:
        in_channels: Width C of the features.
        num_pretext_classes: Number of classes K of the task.
        init_cfg: Initialisation; by default weights of N(0, 0.01) and no biases.

    Raises:
        ConfigError: For a width that can't be meant.
    """

    def __init__(self, in_channels: int, num_pretext_classes: int, init_cfg: Any = None) -> None:
        super().__init__(init_cfg or dict(type='Normal', layer='Linear', std=0.01))
        options = {'in_channels': in_channels, 'num_pretext_classes': num_pretext_classes}
        refuse_bad_values('PretextClsHead', options, dict.fromkeys(options, whole(1)))
        self.num_pretext_classes = num_pretext_classes
        self.fc = nn.Linear(in_channels, num_pretext_classes)

    @property
    def trivial_loss(self) -> float:
        """Loss of a network that finds all classes alike probable: ln K."""
        return math.log(self.num_pretext_classes)

    def loss(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy, and accuracy (%), of features ``(N, C)`` with labels ``(N,)``."""
        self.show('embedding', features)
        logits = self.fc(features)
        accuracy = 100 * (logits.detach().argmax(dim=1) == labels).float().mean()
        return F.cross_entropy(logits, labels), accuracy
