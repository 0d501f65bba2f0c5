"""Features of the four quadrants of a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

#: Rows and columns that a map is resized to before it is cut into quadrants.
_EVEN = 8


def pool_quadrants(maps: Tensor) -> Tensor:
    """Mean over each quadrant of maps ``(N, C, H, W)``, as ``(N, C, 2, 2)``.

    An odd number of rows can't be halved, so the map counts as resized to 8 x 8, bilinearly, beforehand. Both steps are
    one linear map of rows and one of columns: of 7 rows the upper half has 19, 18, 18, 9, 0, 0 and 0 of 64 parts.
    """
    rows, columns = (_halves(side, maps) for side in maps.shape[2:])
    return torch.einsum('ih,nchw,jw->ncij', rows, maps, columns)


def by_quadrant(pooled: Tensor) -> Tensor:
    """Rows ``(4N, C)`` of pooled maps ``(N, C, 2, 2)``: of all upper left quadrants, upper right, lower left, right."""
    return pooled.permute(2, 3, 0, 1).flatten(0, 2)


def _halves(side: int, like: Tensor) -> Tensor:
    """Weights ``(2, side)`` of the rows in the means over the upper and the lower half."""
    unit = torch.eye(side, device=like.device)[None]
    resized = F.interpolate(unit, size=_EVEN, mode='linear', align_corners=False)[0]
    return resized.unflatten(1, (2, _EVEN // 2)).mean(dim=2).T.to(like.dtype)
