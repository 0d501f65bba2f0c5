"""Classifier on the first layers of a projection head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmpretrain.models import LinearClsHead
from torch import Tensor, nn

from sslrecipes.models.layers.projection import GELU, hidden_layers
from sslrecipes.registry import MODELS


@MODELS.register_module()
class ProjectionClsHead(LinearClsHead):
    """The first layers of DINO's projection head and a new linear classifier.

    The layers are called as in ``DINONeck``: ``init_cfg=dict(type='Pretrained', checkpoint=..., prefix='neck.',
    ignore=('fc.', 'mlp.6.'))`` takes over the first two of three, running statistics included. The classifier ``fc``
    starts as PyTorch initialises it.

    Args:
        num_classes: Number of classes K.
        in_channels: Width C of the pooled features.
        hidden_channels: Width of the layers.
        num_layers: How many of them; officially two.
        with_bn: Whether batch norms follow, as in the ``DINONeck``.
        act_cfg: Activation, as in the ``DINONeck``.
        init_cfg: Initialisation.
        **kwargs: ``loss``, ``topk``, ``cal_acc`` of mmpretrain's ``ClsHead``.

    Source: semi-supervised evaluation of SSLight (``classification/``).
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        hidden_channels: int = 2048,
        num_layers: int = 2,
        with_bn: bool = True,
        act_cfg: Mapping[str, Any] = GELU,
        init_cfg: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, in_channels=hidden_channels, init_cfg=init_cfg, **kwargs)
        self.mlp = nn.Sequential(*hidden_layers(in_channels, hidden_channels, num_layers, with_bn, act_cfg))

    def pre_logits(self, feats: tuple[Tensor, ...]) -> Tensor:
        """What the classifier gets, ``(B, hidden_channels)``, from the last of ``feats``, ``(B, C)``."""
        output: Tensor = self.mlp(feats[-1])
        return output
