"""A MAE encoder that sees one random patch of every 2x2 cell."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.backbones import MaskedViT
from sslrecipes.models.utils.masking import Masking
from sslrecipes.registry import MODELS


@MODELS.register_module()
class GridMaskViT(MaskedViT):
    """:class:`MaskedViT` whose visible patches are spread evenly: one of four in every 2x2 cell of the patch grid.

    Args:
        *args: Arguments of :class:`MaskedViT`.
        **kwargs: Likewise. ``mask_ratio`` must be 0.75, its default.

    Raises:
        ConfigError: For another mask ratio, or if the patch grid has an odd side.

    Source: "uniform sampling" of `Uniform Masking <https://arxiv.org/abs/2205.10063>`_, without its secondary masking.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows, columns = self.patch_resolution
        if rows % 2 or columns % 2 or self.mask_ratio != 0.75:
            raise ConfigError(
                f'GridMaskViT keeps one patch of every 2x2 cell: the patch grid ({rows}x{columns}) must have even '
                f'sides and mask_ratio ({self.mask_ratio}) must be 0.75.'
            )

    def draw_mask(self, noise: Tensor) -> Masking:
        """Put the patch with the smallest noise of each cell before all others; ``noise`` is ``(B, L)`` in [0, 1)."""
        rows, columns = self.patch_resolution
        cells = noise.reshape(-1, rows // 2, 2, columns // 2, 2).transpose(2, 3).flatten(3)  # (B, rows/2, columns/2, 4)
        chosen = F.one_hot(cells.argmin(-1), 4)
        return super().draw_mask((cells - chosen).unflatten(3, (2, 2)).transpose(2, 3).flatten(1))
