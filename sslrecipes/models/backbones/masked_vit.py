"""The encoder of MAE: a ViT that sees only the visible patches."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models import MAEViT, VisionTransformer
from torch import Tensor, nn

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.sizes import MASK_RATIO
from sslrecipes.models.layers.patch_embedding import embed_patches
from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.models.utils.image_check import check_images, check_patch_size
from sslrecipes.models.utils.initialization import loads_pretrained, xavier_init
from sslrecipes.models.utils.masking import Masking, random_masking
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MaskedViT(MAEViT):
    """mmpretrain's ``MAEViT`` with four differences.

    * only visible patches are embedded;
    * the mask noise can be given;
    * ``mask=False`` really doesn't mask (upstream masks unless it is ``None``);
    * official initialisation: position table not transposed, all biases zero, and weights loaded by
      ``init_cfg=dict(type='Pretrained', ...)`` stay (upstream overwrites three of them).

    Args are those of ``mmpretrain.models.MAEViT`` (``arch``, ``img_size``, ``patch_size``, ``mask_ratio``, ...).

    Source: `Masked Autoencoders Are Scalable Vision Learners <https://arxiv.org/abs/2111.06377>`_.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_patch_size(self.img_size, self.patch_embed.projection.kernel_size)
        refuse(bad_value('mask_ratio', self.mask_ratio, MASK_RATIO))

    def init_weights(self) -> None:
        """Initialise as the official code; the patch projection's bias keeps PyTorch's default."""
        VisionTransformer.init_weights(self)
        if loads_pretrained(self.init_cfg):
            return
        xavier_init(self)
        nn.init.xavier_uniform_(self.patch_embed.projection.weight.flatten(1))
        nn.init.normal_(self.cls_token, std=0.02)
        self.pos_embed.data.copy_(sincos_position_embedding(self.embed_dims, self.patch_resolution))

    def class_token(self) -> Tensor:
        """Class token ``(1, 1, C)`` as it enters the sequence, before its position embedding."""
        return self.cls_token

    def draw_mask(self, noise: Tensor) -> Masking:
        """Decide by uniform ``noise`` ``(B, L)`` which patches are visible; the place to override for other masks."""
        return random_masking(noise, self.mask_ratio)

    def embed_visible(self, images: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Mask the patches, embed the visible ones and put the class token in front.

        Args:
            images: ``(B, 3, H, W)``.
            noise: ``(B, L)`` uniform draws that decide the mask; drawn from torch's generator if not given.

        Returns:
            Tokens ``(B, 1 + K, C)``, mask ``(B, L)`` (1 = removed), ids_restore ``(B, L)``.

        Raises:
            DataError: If the images aren't RGB or have another size than ``img_size``.
        """
        projection = self.patch_embed.projection
        check_images(images, projection.kernel_size, projection.in_channels, self.img_size)
        if noise is None:
            noise = torch.rand(images.shape[0], self.num_patches, device=images.device)
        ids_keep, ids_restore, mask = self.draw_mask(noise)
        patches = embed_patches(images, projection, ids_keep) + self.pos_embed[0, 1:][ids_keep]
        class_tokens = (self.class_token() + self.pos_embed[:, :1]).expand(images.shape[0], -1, -1)
        return torch.cat([class_tokens.to(patches.dtype), patches], dim=1), mask, ids_restore

    def forward(self, x: Tensor, mask: bool | None = True, noise: Tensor | None = None) -> tuple[Tensor, ...]:
        """Encode the visible patches, or all of them.

        Args:
            x: Images ``(B, 3, H, W)``.
            mask: Whether to mask.
            noise: See :meth:`embed_visible`.

        Returns:
            With mask: latent ``(B, 1 + K, C)`` after the final norm, mask and ids_restore ``(B, L)``. Without: what
            ``VisionTransformer`` returns for ``out_type``.
        """
        if not mask:
            return VisionTransformer.forward(self, x)
        tokens, removed, ids_restore = self.embed_visible(x, noise)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.ln1(tokens), removed, ids_restore
