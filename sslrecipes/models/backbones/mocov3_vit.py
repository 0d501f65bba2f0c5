"""The ViT of MoCo v3."""

from __future__ import annotations

from typing import Any

from mmpretrain.models import VisionTransformer
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.conv_stem import PATCH, ConvStem
from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.models.utils.image_check import check_patch_size
from sslrecipes.models.utils.initialization import loads_pretrained, xavier_init
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCoV3ViT(VisionTransformer):
    """mmpretrain's ``VisionTransformer`` with what MoCo v3 has otherwise.

    * The position table is fixed: sines and cosines of row, then column. It is there before any initialisation.
    * Queries, keys and values are initialised as a matrix each, everything else linear by Xavier's rule.
    * The projection of the patches may keep its random weights, or be a stack of convolutions.

    The officially small ViT has 12 heads, DeiT's of the same width 6.

    Args:
        img_size: Side of the images that the position table is for.
        patch_size: Side of a patch.
        stop_grad_conv1: Freeze the projection of the patches, for stability.
        conv_stem: Have a :class:`sslrecipes.models.layers.conv_stem.ConvStem` in its place, whose patches are 16 x 16.
            Officially there is a block less then, and nothing is frozen.
        **kwargs: Further arguments of ``mmpretrain.models.VisionTransformer``.

    Raises:
        ConfigError: If ``img_size`` is no multiple of ``patch_size``, or a convolutional stem is to be frozen or have
            other patches.

    Source: `An Empirical Study of Training Self-Supervised Vision Transformers <https://arxiv.org/abs/2104.02057>`_,
    ``vits.py`` of facebookresearch/moco-v3.
    """

    def __init__(
        self,
        *args: Any,
        img_size: Any = 224,
        patch_size: Any = 16,
        stop_grad_conv1: bool = False,
        conv_stem: bool = False,
        **kwargs: Any,
    ) -> None:
        check_patch_size(img_size, patch_size)
        super().__init__(*args, img_size=img_size, patch_size=patch_size, **kwargs)
        self.pos_embed.requires_grad = False
        grid = tuple(self.patch_resolution)
        table = sincos_position_embedding(self.embed_dims, grid, rows_first=True, class_row=self.with_cls_token)
        self.pos_embed.data.copy_(table)
        if conv_stem:
            if stop_grad_conv1 or patch_size != PATCH:
                raise ConfigError(
                    f'conv_stem of MoCoV3ViT is trained (stop_grad_conv1=False), of patches of {PATCH} px.'
                )
            self.patch_embed = ConvStem(self.img_size, self.embed_dims)
        if stop_grad_conv1:
            self.patch_embed.requires_grad_(False)

    def init_weights(self) -> None:
        """Initialise as the official code; a convolutional stem keeps PyTorch's default."""
        table = self.pos_embed.detach().clone()
        super().init_weights()
        if loads_pretrained(self.init_cfg):
            return
        self.pos_embed.data.copy_(table)
        xavier_init(self)
        for layer in self.layers:
            for matrix in layer.attn.qkv.weight.chunk(3):
                nn.init.xavier_uniform_(matrix)
        if not isinstance(self.patch_embed, ConvStem):
            nn.init.xavier_uniform_(self.patch_embed.projection.weight.flatten(1))
            nn.init.zeros_(self.patch_embed.projection.bias)
        if self.cls_token is not None:
            nn.init.normal_(self.cls_token, std=1e-6)
