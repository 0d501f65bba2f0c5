"""The pixel target of MAE-priv: patch vectors by channel, normalised by the biased variance."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models import MAEPretrainHead
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sslrecipes.models.utils.masking import gather_tokens
from sslrecipes.registry import MODELS

_EPS = 1e-6


@MODELS.register_module()
class MAEPrivHead(MAEPretrainHead):
    """mmpretrain's ``MAEPretrainHead`` with another layout of the patch vectors and another variance.

    Args:
        channel_first: Patch vectors are (channel, row, column); False: (row, column, channel) as in the official MAE.
        unbiased: Normalise by the unbiased variance, as the official MAE.
        loss: Config of the loss; the squared error if not given.
        **kwargs: ``norm_pix``, ``patch_size``, ``in_channels`` of ``MAEPretrainHead``.

    Source: ``engine_for_pretraining.py`` of BUPT-PRIV/MAE-priv.
    """

    def __init__(
        self, channel_first: bool = True, unbiased: bool = False, loss: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(loss=loss or dict(type='PixelReconstructionLoss', criterion='L2'), **kwargs)
        self.channel_first = channel_first
        self.unbiased = unbiased

    def patchify(self, imgs: Tensor) -> Tensor:
        """Cut images ``(B, 3, H, W)`` into patch vectors ``(B, L, 3 * p * p)``."""
        if not self.channel_first:
            vectors: Tensor = super().patchify(imgs)
            return vectors
        side = self.patch_size
        grid = imgs.unflatten(3, (-1, side)).unflatten(2, (-1, side))  # (B, 3, rows, p, columns, p)
        return grid.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)

    def unpatchify(self, x: Tensor) -> Tensor:
        """Join patch vectors ``(B, L, 3 * p * p)`` of square images to images ``(B, 3, H, W)``."""
        if not self.channel_first:
            images: Tensor = super().unpatchify(x)
            return images
        rows = int(x.shape[1] ** 0.5)
        grid = x.unflatten(2, (self.in_channels, self.patch_size, self.patch_size)).unflatten(1, (rows, -1))
        return grid.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)

    def patch_statistics(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation ``(B, L, 1)`` by which ``norm_pix`` normalises ``patches`` ``(B, L, 3 * p * p)``.

        They are joint over pixels and channels; 1e-6 is added to the variance.
        """
        variance, mean = torch.var_mean(patches, dim=-1, correction=int(self.unbiased), keepdim=True)
        return mean, (variance + _EPS).sqrt()

    @torch.no_grad()
    def construct_target(self, target: Tensor, ids: Tensor | None = None) -> Tensor:
        """Target vectors of images.

        Args:
            target: Images ``(B, 3, H, W)``.
            ids: ``(B, M)`` patches wanted; all if not given.

        Returns:
            ``(B, M, 3 * p * p)``.
        """
        patches = self.patchify(target)
        if ids is not None:
            patches = gather_tokens(patches, ids)
        if not self.norm_pix:
            return patches
        if not self.unbiased:
            return F.layer_norm(patches, patches.shape[-1:], eps=_EPS)  # the same in one pass over the memory
        mean, std = self.patch_statistics(patches)
        return (patches - mean) / std

    def masked_loss(self, pred: Tensor, target: Tensor, ids: Tensor) -> Tensor:
        """Loss of predictions ``(B, M, 3 * p * p)`` of the patches ``ids`` ``(B, M)`` of images ``(B, 3, H, W)``."""
        loss: Tensor = self.loss_module(pred, self.construct_target(target, ids))
        return loss
