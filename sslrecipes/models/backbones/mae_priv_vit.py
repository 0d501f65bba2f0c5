"""The ViTs of MAE-priv: masked in pre-training, whole in fine-tuning; with a class token or without one."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models import VisionTransformer
from torch import Tensor, nn

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.sizes import MASK_RATIO
from sslrecipes.models.layers.patch_embedding import embed_patches
from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.models.layers.qv_bias import without_key_bias
from sslrecipes.models.utils.image_check import check_images, check_patch_size
from sslrecipes.models.utils.initialization import loads_pretrained, normal_init, xavier_init
from sslrecipes.models.utils.masking import Masking, shuffle_masking
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MAEPrivFineTuneViT(VisionTransformer):
    """mmpretrain's ``VisionTransformer`` with three differences.

    * the position table is fixed: sines and cosines of row, then column;
    * queries and values have a bias, keys have none;
    * images that don't consist of whole patches are refused.

    Args:
        img_size: Side of the images that the position table is for.
        patch_size: Side of a patch.
        with_cls_token: False for the GAP variant, which has no class token at all: use ``out_type='avg_featmap'`` and
            ``final_norm=False`` (mean of the tokens, then a fresh norm). With a class token: ``out_type='cls_token'``,
            whose final norm is the fresh one.
        **kwargs: Further arguments of ``mmpretrain.models.VisionTransformer``.

    Raises:
        ConfigError: If ``img_size`` is no multiple of ``patch_size``.

    Source: ``modeling_finetune.py`` of BUPT-PRIV/MAE-priv.
    """

    def __init__(
        self, *args: Any, img_size: Any = 224, patch_size: Any = 16, with_cls_token: bool = True, **kwargs: Any
    ) -> None:
        check_patch_size(img_size, patch_size)
        super().__init__(*args, img_size=img_size, patch_size=patch_size, with_cls_token=with_cls_token, **kwargs)
        without_key_bias(self.layers)
        self.pos_embed.requires_grad = False
        table = sincos_position_embedding(
            self.embed_dims, tuple(self.patch_resolution), rows_first=True, class_row=with_cls_token
        )
        self.pos_embed.data.copy_(table)

    def init_weights(self) -> None:
        """Initialise as the official code; the patch projection keeps PyTorch's default."""
        table = self.pos_embed.detach().clone()
        super().init_weights()
        if loads_pretrained(self.init_cfg):
            return
        self.pos_embed.data.copy_(table)
        self.init_linear()
        if self.cls_token is not None:
            nn.init.trunc_normal_(self.cls_token, std=0.02, a=-0.02, b=0.02)

    def init_linear(self) -> None:
        """Initialise the linear layers."""
        normal_init(self, std=0.02)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Encode images ``(B, 3, H, W)`` of any size; returns what ``VisionTransformer`` returns for ``out_type``.

        Raises:
            DataError: If the images aren't RGB or don't consist of whole patches.
        """
        projection = self.patch_embed.projection
        check_images(x, projection.kernel_size, projection.in_channels)
        outputs: tuple[Tensor, ...] = super().forward(x)
        return outputs


@MODELS.register_module()
class MAEPrivViT(MAEPrivFineTuneViT):
    """Encoder of MAE-priv's pre-training: it sees the visible patches, in the order of the shuffle.

    Args:
        mask_ratio: Share of removed patches: ``int(mask_ratio * L)`` of L (the official MAE keeps
            ``int((1 - mask_ratio) * L)``, which can be one less).
        with_cls_token: Whether a class token goes with the patches. It is taken off after the last block, so the
            decoder never sees it.
        batched_shuffle: One mask for all images of a batch on a GPU, as officially; False: one for each image.
        **kwargs: Arguments of ``mmpretrain.models.VisionTransformer``.

    Raises:
        ConfigError: If ``mask_ratio`` isn't from 0 to below 1.

    Source: ``modeling_pretrain.py`` of BUPT-PRIV/MAE-priv.
    """

    def __init__(
        self,
        *args: Any,
        mask_ratio: float = 0.75,
        with_cls_token: bool = False,
        batched_shuffle: bool = True,
        out_type: str = 'raw',
        **kwargs: Any,
    ) -> None:
        refuse(bad_value('mask_ratio', mask_ratio, MASK_RATIO))
        super().__init__(*args, with_cls_token=with_cls_token, out_type=out_type, **kwargs)
        self.mask_ratio = mask_ratio
        self.batched_shuffle = batched_shuffle

    @property
    def num_patches(self) -> int:
        """Patches L of an image."""
        rows, columns = self.patch_resolution
        return int(rows * columns)

    def init_linear(self) -> None:
        """Initialise the linear layers."""
        xavier_init(self)

    def draw_mask(self, noise: Tensor) -> Masking:
        """Decide by uniform ``noise`` ``(B, L)`` which patches are visible; with one mask for all, by its first row."""
        if self.batched_shuffle:
            noise = noise[:1].expand_as(noise)
        return shuffle_masking(noise, noise.shape[1] - int(self.mask_ratio * noise.shape[1]))

    def embed_visible(self, images: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Mask the patches, embed the visible ones and put the class token in front, if there is one.

        Args:
            images: ``(B, 3, H, W)``.
            noise: ``(B, L)`` uniform draws that decide the mask; drawn from torch's generator if not given.

        Returns:
            Tokens ``(B, [1 +] V, C)``, mask ``(B, L)`` (1 = removed), ids_restore ``(B, L)``.

        Raises:
            DataError: If the images aren't RGB or have another size than ``img_size``.
        """
        projection = self.patch_embed.projection
        check_images(images, projection.kernel_size, projection.in_channels, self.img_size)
        if noise is None:
            noise = torch.rand(len(images), self.num_patches, device=images.device)
        ids_keep, ids_restore, mask = self.draw_mask(noise)
        class_rows, patch_rows = self.pos_embed[0].split([self.num_extra_tokens, self.num_patches])
        tokens = embed_patches(images, projection, ids_keep) + patch_rows[ids_keep]
        if self.cls_token is not None:
            class_tokens = (self.cls_token + class_rows).to(tokens.dtype).expand(len(images), -1, -1)
            tokens = torch.cat([class_tokens, tokens], dim=1)
        return tokens, mask, ids_restore

    def forward(self, x: Tensor, mask: bool | None = True, noise: Tensor | None = None) -> tuple[Tensor, ...]:
        """Encode the visible patches, or all of them.

        Args:
            x: Images ``(B, 3, H, W)``.
            mask: Whether to mask.
            noise: See :meth:`embed_visible`.

        Returns:
            With mask: latent ``(B, V, C)`` of the patches alone, after the final norm, in the order of the shuffle;
            mask and ids_restore ``(B, L)``. Without: what ``VisionTransformer`` returns for ``out_type``.

        Raises:
            DataError: If the images aren't RGB, don't consist of whole patches or, with mask, have another size than
                ``img_size``.
        """
        if not mask:
            return super().forward(x)
        tokens, removed, ids_restore = self.embed_visible(x, noise)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.ln1(tokens[:, self.num_extra_tokens :]), removed, ids_restore
