"""Pictures put together of regions of many images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from mmengine.dist import all_gather, broadcast, get_rank, get_world_size
from torch import Tensor

from sslrecipes.config.rules.regions import QUADRANTS

_SIDE = 2


class Arrangement(NamedTuple):
    """Which regions the montages of a batch are put together of, with n images over all processes, R regions of each.

    Row j of the quadrants' features, the upper left ones of all R * n / 4 montages first, then upper right, lower left
    and lower right, is that of one view of the region ``regions[j]`` of the image ``images[j]``.

    Attributes:
        own: int64 ``(4, R * n / 4 / W)``, which regions of the pool the montages of this process have, by quadrant.
        images: int64 ``(R * n,)``, from 0 to n - 1.
        regions: int64 ``(R * n,)``, from 0 to R - 1.
    """

    own: Tensor
    images: Tensor
    regions: Tensor


class Montages:
    """Montages of four regions each, drawn at random from those of a batch.

    Args:
        num_regions: Number R of regions of an image.
        shuffle: 'global': of the batch of all processes, as in the paper; every process then holds one view of all of
            its regions for a moment, R x n x 3 x h x w x 4 bytes: 0.62 GB at 2048 images of 2 regions of 112 px.
            'local': of this process' images only, which needs no exchange and is another sampling: the neighbours in a
            montage come from fewer images.
    """

    def __init__(self, num_regions: int, shuffle: str = 'global') -> None:
        self.num_regions = num_regions
        self.shuffle = shuffle

    def arrange(self, images: int, device: torch.device) -> Arrangement:
        """Draw the order of the regions of ``images`` images of each process; collective."""
        own_only = self.shuffle == 'local'
        pool = images if own_only else images * get_world_size()
        order = self.draw(self.num_regions * pool).to(device)
        if not own_only:
            broadcast(order)
        quadrants = order.view(QUADRANTS, -1)
        if not own_only:
            return Arrangement(quadrants.chunk(get_world_size(), dim=1)[get_rank()], order % pool, order // pool)
        local = quadrants % pool + get_rank() * pool, quadrants // pool
        of_all = (torch.cat(all_gather(part), dim=1).flatten() for part in local)
        return Arrangement(quadrants, *of_all)

    def draw(self, count: int) -> Tensor:
        """Random order of ``count`` regions, those of region 0 of all images first; that of process 0 is used."""
        return torch.randperm(count)

    @torch.no_grad()
    def build(self, views: Sequence[Tensor], arrangement: Arrangement) -> Tensor:
        """Put one view of all regions together; collective.

        Args:
            views: R of ``(B, 3, h, w)``, of the images of this process.
            arrangement: Of this batch; the same for both views.

        Returns:
            ``(R * n / 4 / W, 3, 2h, 2w)``, the montages of this process.
        """
        parts = views if self.shuffle == 'local' else [torch.cat(all_gather(view)) for view in views]
        return tiled(torch.cat(list(parts))[arrangement.own])


def tiled(quadrants: Tensor) -> Tensor:
    """Pictures ``(M, C, 2h, 2w)`` of their quadrants ``(4, M, C, h, w)``, two in the upper row, two in the lower."""
    rows = quadrants.unflatten(0, (_SIDE, _SIDE))  # (row, column, M, C, h, w)
    return rows.permute(2, 3, 0, 4, 1, 5).flatten(4).flatten(2, 3)
