"""Masks as heat on top of pictures, without a display."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def heat_colours(values: Tensor) -> Tensor:
    """Colour values from 0 (blue) over green to 1 (red): ``(H, W)`` to ``(3, H, W)``, RGB from 0 to 1."""
    from matplotlib import colormaps  # imported here because it is slow to load

    colours: NDArray[np.float64] = colormaps['jet'](values.numpy())
    return torch.from_numpy(colours[..., :3]).float().permute(2, 0, 1)


def overlay(picture: Tensor, mask: Tensor) -> Tensor:
    """Lay a mask as heat over a picture.

    The mask is enlarged bilinearly, its colours are added to the picture's, and the sum is scaled so that its largest
    value is 255, as in the pictures of MAE-priv.

    Args:
        picture: uint8 RGB ``(3, H, W)``.
        mask: ``(h, w)`` from 0 to 1.

    Returns:
        uint8 RGB ``(3, H, W)``.
    """
    fine = F.interpolate(mask[None, None].float().cpu(), picture.shape[1:], mode='bilinear', align_corners=False)[0, 0]
    mixed = heat_colours(fine) + picture.cpu() / 255
    return (mixed / mixed.max() * 255).to(torch.uint8)
