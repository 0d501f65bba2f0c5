"""TEC's input adapter: the class token passes an MLP before it enters a ViT."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models import VisionTransformer
from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor

from sslrecipes.models.layers.mlp import MLP


class TokenMLPViT(VisionTransformer):
    """A ViT whose class token is ``MLP(cls_token)``, without residual or norm.

    The MLP is as wide inside as the feed-forward layers.

    Args:
        mlp_token: False gives the plain ViT (for checkpoints whose token is baked already).
        **kwargs: Arguments of the ViT.

    Source: TEC (https://arxiv.org/abs/2210.11016), input adapter; option ``--mlp_token`` of the official code.
    """

    def __init__(self, *args: Any, mlp_token: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hidden_dims = self.arch_settings['feedforward_channels']
        self.cls_token_mlp = MLP(self.embed_dims, hidden_dims) if mlp_token else None
        if self.cls_token_mlp is not None and self.frozen_stages > 0:  # frozen with the token
            self.cls_token_mlp.requires_grad_(False)

    def class_token(self) -> Tensor:
        """Class token ``(1, 1, C)`` as it enters the sequence, before its position embedding."""
        return self.cls_token if self.cls_token_mlp is None else self.cls_token_mlp(self.cls_token)

    def forward_unmasked(self, images: Tensor) -> tuple[Tensor, ...]:
        """Encode whole images ``(B, 3, H, W)``; returns what ``VisionTransformer`` returns for ``out_type``."""
        x, grid = self.patch_embed(images)
        class_tokens = self.class_token().to(x.dtype).expand(x.shape[0], -1, -1)
        pos_embed = resize_pos_embed(
            self.pos_embed, self.patch_resolution, grid, mode=self.interpolate_mode, num_extra_tokens=1
        )
        x = self.drop_after_pos(torch.cat([class_tokens, x], dim=1) + pos_embed)
        outputs = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index == self.num_layers - 1 and self.final_norm:
                x = self.ln1(x)
            if index in self.out_indices:
                outputs.append(self._format_output(x, grid))
        return tuple(outputs)
