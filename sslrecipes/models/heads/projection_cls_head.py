"""Classifier on the first layers of a projection head."""

from __future__ import annotations

from typing import Any

from mmpretrain.models import LinearClsHead
from torch import Tensor, nn

from sslrecipes.registry import MODELS


@MODELS.register_module()
class ProjectionClsHead(LinearClsHead):
    """The first two layers of DINO's projection head, with BatchNorm, and a new linear classifier.

    The layers are called as in ``DINONeck``: ``init_cfg=dict(type='Pretrained', checkpoint=..., prefix='neck.',
    ignore=('fc.', 'mlp.6.'))`` takes them over, running statistics included. The classifier ``fc`` starts as PyTorch
    initialises it.

    Args:
        num_classes: Number of classes K.
        in_channels: Width C of the pooled features.
        hidden_channels: Width of the two layers.
        init_cfg: Initialisation.
        **kwargs: ``loss``, ``topk``, ``cal_acc`` of mmpretrain's ``ClsHead``.

    Source: semi-supervised evaluation of SSLight (``classification/``).
    """

    def __init__(
        self, num_classes: int, in_channels: int, hidden_channels: int = 2048, init_cfg: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(num_classes, in_channels=hidden_channels, init_cfg=init_cfg, **kwargs)
        self.mlp = nn.Sequential(
            nn.Linear(in_channels, hidden_channels),
            nn.BatchNorm1d(hidden_channels),
            nn.GELU(),
            nn.Linear(hidden_channels, hidden_channels),
            nn.BatchNorm1d(hidden_channels),
            nn.GELU(),
        )

    def pre_logits(self, feats: tuple[Tensor, ...]) -> Tensor:
        """What the classifier gets, ``(B, hidden_channels)``, from the last of ``feats``, ``(B, C)``."""
        output: Tensor = self.mlp(feats[-1])
        return output
