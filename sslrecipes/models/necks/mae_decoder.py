"""The decoder of MAE."""

from __future__ import annotations

from mmengine.model import BaseModule
from mmpretrain.models import MAEPretrainDecoder
from torch import nn

from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.models.utils.initialization import xavier_init
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MAEDecoder(MAEPretrainDecoder):
    """mmpretrain's ``MAEPretrainDecoder`` with the official position table (upstream's is transposed) and biases 0."""

    def init_weights(self) -> None:
        """Initialise as the official code."""
        BaseModule.init_weights(self)
        xavier_init(self)
        nn.init.normal_(self.mask_token, std=0.02)
        side = int(self.num_patches**0.5)
        table = sincos_position_embedding(self.decoder_pos_embed.shape[-1], (side, side))
        self.decoder_pos_embed.data.copy_(table)
