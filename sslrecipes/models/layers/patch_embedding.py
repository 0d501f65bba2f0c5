"""Patch embedding of selected patches only."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def embed_patches(images: Tensor, projection: nn.Conv2d, ids: Tensor) -> Tensor:
    """Embed the patches ``ids`` of each image: the convolution as one GEMM without the rows nobody reads.

    Equal to ``projection(images)`` flattened to tokens and gathered; at mask ratio 0.75 a quarter of its work.

    Args:
        images: ``(B, 3, H, W)``, H and W multiples of the patch size.
        projection: Convolution whose kernel size equals its stride.
        ids: ``(B, K)`` row-major patch indices.

    Returns:
        ``(B, K, C)``.
    """
    assert projection.kernel_size == projection.stride, 'patches must not overlap'
    (height, width), (batch, channels) = projection.kernel_size, images.shape[:2]
    columns = images.shape[3] // width
    grid = images.reshape(batch, channels, -1, height, columns, width).permute(0, 2, 4, 1, 3, 5)
    rows = torch.arange(batch, device=images.device)[:, None]
    patches = grid[rows, ids // columns, ids % columns]
    return F.linear(patches.flatten(2), projection.weight.flatten(1), projection.bias)
