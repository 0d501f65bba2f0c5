"""A learned position embedding on another grid than the one it was trained on."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def interpolate_positions(
    pos_embed: Tensor, source: tuple[int, int], target: tuple[int, int], offset: float = 0.0, extra_tokens: int = 1
) -> Tensor:
    """Resample the patch part of a position embedding bicubically.

    Args:
        pos_embed: ``(1, extra_tokens + h * w, C)``, patches row-major.
        source: Its grid ``(h, w)``.
        target: The grid wanted, ``(H, W)``; if it is ``source``, the embedding is returned as it is.
        offset: Points are sampled ``h / (H + offset)`` apart, and so for the width. 0 spreads them over the whole
            source; DINO adds 0.1, meant against rounding, and its networks are trained with that.
        extra_tokens: Rows in front, which stay.

    Returns:
        ``(1, extra_tokens + H * W, C)``.

    Source: ``interpolate_pos_encoding`` in ``vision_transformer.py`` of facebookresearch/dino.
    """
    if source == target:
        return pos_embed
    extra, patches = pos_embed.split([extra_tokens, source[0] * source[1]], dim=1)
    planes = patches.transpose(1, 2).unflatten(2, source).float()
    scale = [(wanted + offset) / held for wanted, held in zip(target, source, strict=True)]
    size = {'scale_factor': scale} if offset else {'size': target}
    planes = F.interpolate(planes, mode='bicubic', **size)
    return torch.cat([extra, planes.flatten(2).transpose(1, 2).to(pos_embed.dtype)], dim=1)
