"""MoCo's projection."""

from __future__ import annotations

from typing import Any

from sslrecipes.models.necks.mlp_neck import MLPNeck
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCoNeck(MLPNeck):
    """Linear layers with a ReLU between them.

    Args:
        in_channels: Width of the features.
        hidden_channels: Width between the linear layers.
        out_channels: Width C of the embedding.
        init_cfg: Initialisation; by default weights of N(0, 0.02) and no biases.
        **kwargs: Further arguments of :class:`MLPNeck`; ``num_layers=1`` is MoCo v1.

    Source: MoCo v2 (arXiv:2003.04297); SSLight, from which the initialisation comes.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 2048,
        out_channels: int = 128,
        init_cfg: Any = None,
        **kwargs: Any,
    ) -> None:
        init_cfg = init_cfg or dict(type='Normal', layer='Linear', std=0.02, bias=0)
        super().__init__(in_channels, hidden_channels, out_channels, init_cfg=init_cfg, **kwargs)
