"""Colours in CIE Lab, and the bins into which Colorization divides them."""

from __future__ import annotations

import torch
from torch import Tensor

#: Least and largest b of the bins with each a: the points of a grid of 10 to which some colour of sRGB is the nearest.
_ROWS = {
    -90: (80, 80),
    -80: (40, 80),
    -70: (20, 90),
    -60: (0, 90),
    -50: (-20, 90),
    -40: (-30, 90),
    -30: (-40, 90),
    -20: (-40, 90),
    -10: (-50, 90),
    0: (-60, 90),
    10: (-70, 80),
    20: (-70, 80),
    30: (-80, 80),
    40: (-90, 80),
    50: (-90, 70),
    60: (-100, 70),
    70: (-110, 70),
    80: (-110, 70),
    90: (-90, 0),
    100: (-70, -50),
}
_SPACING = 10
NUM_BINS = 261

#: From linear sRGB to XYZ, of which white is (0.95047, 1, 1.08883): illuminant D65, observer of 2 degrees.
_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_WHITE = (0.95047, 1.0, 1.08883)
#: From the cube roots of XYZ to L + 16, a and b.
_LAB = ((0.0, 116.0, 0.0), (500.0, -500.0, 0.0), (0.0, 200.0, -200.0))


def colour_bins() -> Tensor:
    """Centres ``(Q, 2)`` of the bins, a and b, in the order of a, then of b.

    The paper has 313 bins, from a table that isn't part of it. Ours are those of a rule: all points of a grid of 10
    that are the nearest to some colour of sRGB, of which there are 261.
    """
    rows = ((a, b) for a, (least, most) in _ROWS.items() for b in range(least, most + 1, _SPACING))
    return torch.tensor([*rows], dtype=torch.float32)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Lab of sRGB pictures ``(B, 3, H, W)`` with values from 0 to 1: L from 0 to 100, a and b about -110 to 110."""
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = _mixed(linear, _XYZ) / linear.new_tensor(_WHITE)[:, None, None]
    roots = torch.where(xyz > 0.008856, xyz.clamp_min(0.008856) ** (1 / 3), 7.787 * xyz + 16 / 116)
    lab = _mixed(roots, _LAB)
    return torch.cat([lab[:, :1] - 16, lab[:, 1:]], dim=1)


def soft_encoding(colours: Tensor, bins: Tensor, neighbours: int, sigma: float) -> tuple[Tensor, Tensor]:
    """The nearest bins of colours, and how much of each colour is in them.

    Args:
        colours: ``(N, 2)``, a and b.
        bins: ``(Q, 2)``.
        neighbours: Number K of bins that a colour is divided among.
        sigma: Of the Gaussian of the distances that the shares are proportional to.

    Returns:
        Bins, int64 ``(N, K)``, the nearest first, and shares ``(N, K)`` with a sum of 1.

    Source: ``Colorful Image Colorization``, section 2.2.
    """
    distances = torch.cdist(colours, bins, compute_mode='donot_use_mm_for_euclid_dist')
    nearest, indices = distances.topk(neighbours, dim=1, largest=False)
    return indices, (-(nearest**2) / (2 * sigma**2)).softmax(dim=1)


def _mixed(pictures: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.einsum('ij,bjhw->bihw', pictures.new_tensor(matrix), pictures)
