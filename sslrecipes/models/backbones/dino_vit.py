"""The ViT of DINO, which also sees small crops and gives the class tokens of several blocks."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models import VisionTransformer
from torch import Tensor

from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.position_interpolation import interpolate_positions
from sslrecipes.models.utils.initialization import loads_pretrained, normal_init
from sslrecipes.registry import MODELS


@MODELS.register_module()
class DINOViT(VisionTransformer):
    """mmpretrain's ``VisionTransformer`` with three differences.

    * every output passes the final norm, not only that of the last block: ``out_indices=(8, 9, 10, 11)`` gives what
      the linear evaluation puts side by side;
    * the position embedding can be interpolated as officially (``pos_embed_offset``);
    * official initialisation.

    Args:
        pos_embed_offset: See :func:`interpolate_positions`; 0.1 is official, 0 what ``VisionTransformer`` does.
        **kwargs: Arguments of ``mmpretrain.models.VisionTransformer``. ViT-Ti/16 is ``arch='deit-tiny'``.

    Raises:
        ConfigError: If ``pos_embed_offset`` isn't from 0 to below 1.

    Source: `Emerging Properties in Self-Supervised Vision Transformers <https://arxiv.org/abs/2104.14294>`_,
    ``vision_transformer.py`` of facebookresearch/dino.
    """

    def __init__(self, *args: Any, pos_embed_offset: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= pos_embed_offset < 1:
            raise ConfigError(f'pos_embed_offset is a part of a patch, from 0 to below 1, not {pos_embed_offset}.')
        self.pos_embed_offset = pos_embed_offset

    def init_weights(self) -> None:
        """Initialise as the official code; the patch projection keeps PyTorch's default."""
        super().init_weights()
        if loads_pretrained(self.init_cfg):
            return
        normal_init(self, std=0.02)
        for token in (self.pos_embed, self.cls_token):
            if token is not None:
                torch.nn.init.normal_(token, std=0.02)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Encode images ``(B, 3, H, W)`` of any size.

        Returns:
            For each of ``out_indices``, after the final norm, what ``VisionTransformer`` returns for ``out_type``:
            class tokens ``(B, C)`` by default.
        """
        patches, grid = self.patch_embed(x)
        extra = [] if self.cls_token is None else [self.cls_token.expand(len(x), -1, -1)]
        tokens = torch.cat([*extra, patches], dim=1) + self._positions(grid)
        tokens = self.pre_norm(self.drop_after_pos(tokens))
        outputs = []
        for i, layer in enumerate(self.layers):
            tokens = layer(tokens)
            if i in self.out_indices:
                outputs.append(self._format_output(self.ln1(tokens) if self.final_norm else tokens, grid))
        return tuple(outputs)

    def _positions(self, grid: tuple[int, int]) -> Tensor:
        native = tuple(self.patch_resolution)
        return interpolate_positions(self.pos_embed, native, grid, self.pos_embed_offset, self.num_extra_tokens)
