"""Fixed 2-D sine-cosine position embedding, in the channel order of the official MAE code."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def sincos_position_embedding(
    dims: int, grid: tuple[int, int], *, rows_first: bool = False, class_row: bool = True
) -> Tensor:
    """Build the position embedding of MAE and TEC, or of MAE-priv.

    The first half of the channels encodes the **column**, the second half the row, computed in float64 as officially,
    then cast. MAE-priv has it the other way round, which is mmpretrain's table, too.

    Args:
        dims: Number of channels C, divisible by 4.
        grid: Patches per column and per row, ``(height, width)``.
        rows_first: Let the first half of the channels encode the row (MAE-priv).
        class_row: Put a row of zeros in front, for the class token.

    Returns:
        Tensor ``(1, class_row + height * width, C)``, float32; patches are row-major.

    Source: ``util/pos_embed.py`` of facebookresearch/mae.
    """
    assert dims % 4 == 0, f'a 2-D sine-cosine embedding needs channels divisible by 4, not {dims}'
    height, width = grid
    rows, columns = np.divmod(np.arange(height * width), width)
    omega = 10000.0 ** (-np.arange(dims // 4) / (dims / 4))
    angles = [np.outer(positions, omega) for positions in ((rows, columns) if rows_first else (columns, rows))]
    table = np.concatenate([wave(angle) for angle in angles for wave in (np.sin, np.cos)], axis=1)
    if class_row:
        table = np.concatenate([np.zeros((1, dims)), table])
    return torch.from_numpy(table).float()[None]
