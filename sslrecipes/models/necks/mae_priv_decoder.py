"""The decoder of MAE-priv: no class token, fixed positions, a head for each 64 channels."""

from __future__ import annotations

from math import isqrt
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.checkpoint.backbone_arch import HEAD_CHANNELS
from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.models.layers.qv_bias import without_key_bias, without_qkv_bias
from sslrecipes.models.necks.mae_decoder import MAEDecoder
from sslrecipes.models.utils.initialization import xavier_init
from sslrecipes.models.utils.masking import gather_tokens, restore_tokens
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MAEPrivDecoder(MAEDecoder):
    """:class:`MAEDecoder` without class token and key bias; its position table encodes the row first.

    Args:
        num_patches: Patches L of an image, a square number.
        decoder_embed_dim: Width Cd.
        decoder_num_heads: Attention heads; ``Cd // 64``, but at least 1, if not given.
        qkv_bias: False leaves out the biases of queries and values as well.
        **kwargs: Further arguments of ``mmpretrain.models.MAEPretrainDecoder``.

    Raises:
        ConfigError: If ``num_patches`` is no square.

    Source: ``modeling_pretrain.py`` of BUPT-PRIV/MAE-priv.
    """

    def __init__(
        self,
        num_patches: int = 196,
        decoder_embed_dim: int = 512,
        decoder_num_heads: int | None = None,
        qkv_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_patches=num_patches,
            decoder_embed_dim=decoder_embed_dim,
            decoder_num_heads=decoder_num_heads or max(1, decoder_embed_dim // HEAD_CHANNELS),
            **kwargs,
        )
        if qkv_bias:
            without_key_bias(self.decoder_blocks)
        else:
            without_qkv_bias(self.decoder_blocks)
        side = isqrt(num_patches)
        if side**2 != num_patches:
            raise ConfigError(f'MAEPrivDecoder reconstructs square images: num_patches={num_patches} is no square.')
        table = sincos_position_embedding(decoder_embed_dim, (side, side), rows_first=True, class_row=False)
        self.decoder_pos_embed = nn.Parameter(table, requires_grad=False)

    def init_weights(self) -> None:
        """Initialise as the official code; ``decoder_embed`` keeps PyTorch's default."""
        BaseModule.init_weights(self)
        xavier_init(self)
        self.decoder_embed.reset_parameters()
        nn.init.trunc_normal_(self.mask_token, std=0.02, a=-0.02, b=0.02)

    def forward(self, x: Tensor, ids_restore: Tensor, ids: Tensor | None = None) -> Tensor:
        """Predict patches.

        Args:
            x: Latent ``(B, V, C)`` of the visible patches.
            ids_restore: ``(B, L)`` position of each patch in the shuffled sequence.
            ids: ``(B, M)`` patches to predict; all if not given.

        Returns:
            ``(B, M, 3 * p * p)``.
        """
        tokens = restore_tokens(self.decoder_embed(x), self.mask_token, ids_restore) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            tokens = block(tokens)
        if ids is not None:
            tokens = gather_tokens(tokens, ids)
        prediction: Tensor = self.decoder_pred(self.decoder_norm(tokens))
        return prediction
