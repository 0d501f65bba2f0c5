"""Projections and predictors of MoCo v2 and v3, SimCLR, BYOL and SimSiam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import Check, one_of, whole
from sslrecipes.models.layers.projection import RELU, projection
from sslrecipes.registry import MODELS

LAST_NORMS = (None, 'affine', 'plain')
_OPTIONS: dict[str, Check] = {
    **dict.fromkeys(('in_channels', 'hidden_channels', 'out_channels'), whole(1)),
    'last_norm': one_of(*LAST_NORMS),
}


@MODELS.register_module()
class MLPNeck(BaseModule):
    """Linear layers with an activation between them, with batch norms if asked for.

    Args:
        in_channels: Width of the features.
        hidden_channels: Width between the linear layers.
        out_channels: Width C of the embedding.
        num_layers: Number of linear layers; a single one has no activation.
        with_bn: Whether batch norms follow all of them but the last.
        bias: Whether linear layers that a batch norm follows within the network have a bias.
        last_bias: Whether the last one has.
        last_norm: Batch norm behind the last layer: 'affine', 'plain' (without weight and bias) or None.
        train_last_bias: Whether the bias of the last layer is trained. SimSiam's isn't: ``last_norm`` takes it away.
        act_cfg: Activation between them.
        init_cfg: Initialisation; torch's own by default, as in S3L.

    Raises:
        ConfigError: For a ``last_norm`` that there isn't.

    Source: S3L (arXiv:2103.13559), which has them with biases; SimSiam (arXiv:2011.10566); MoCo v3 (arXiv:2104.02057),
    which has none.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        num_layers: int = 2,
        with_bn: bool = False,
        bias: bool = True,
        last_bias: bool = True,
        last_norm: str | None = None,
        train_last_bias: bool = True,
        act_cfg: Mapping[str, Any] = RELU,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = {'in_channels': in_channels, 'hidden_channels': hidden_channels, 'out_channels': out_channels}
        refuse_bad_values('MLPNeck', {**widths, 'last_norm': last_norm}, _OPTIONS)
        mlp = projection(in_channels, hidden_channels, out_channels, num_layers, with_bn, act_cfg, bias, last_bias)
        layers = [*mlp] if isinstance(mlp, nn.Sequential) else [mlp]
        if last_bias and not train_last_bias:
            layers[-1].bias.requires_grad_(False)
        if last_norm:
            mlp = nn.Sequential(*layers, nn.BatchNorm1d(out_channels, affine=last_norm == 'affine'))
        self.mlp = mlp
        self.out_channels = out_channels

    def forward(self, features: Tensor) -> Tensor:
        """Embedding ``(N, C)``, not normalised, of features ``(N, D)``."""
        embedding: Tensor = self.mlp(features)
        return embedding
