"""Fixed 2-D sine-cosine position embedding, in the channel order of the official MAE code."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def sincos_position_embedding(dims: int, grid: tuple[int, int]) -> Tensor:
    """Build the position embedding of MAE and TEC, class-token row included.

    The first half of the channels encodes the **column**, the second half the row (mmpretrain's function gives the
    table of the transposed grid). Computed in float64, as officially, then cast.

    Args:
        dims: Number of channels C, divisible by 4.
        grid: Patches per column and per row, ``(height, width)``.

    Returns:
        Tensor ``(1, 1 + height * width, C)``, float32; row 0 (class token) is zero, the others are row-major.

    Source: ``util/pos_embed.py`` of facebookresearch/mae.
    """
    assert dims % 4 == 0, f'a 2-D sine-cosine embedding needs channels divisible by 4, not {dims}'
    height, width = grid
    rows, columns = np.divmod(np.arange(height * width), width)
    omega = 10000.0 ** (-np.arange(dims // 4) / (dims / 4))
    angles = [np.outer(positions, omega) for positions in (columns, rows)]
    table = np.concatenate([wave(angle) for angle in angles for wave in (np.sin, np.cos)], axis=1)
    table = np.concatenate([np.zeros((1, dims)), table])
    return torch.from_numpy(table).float()[None]
