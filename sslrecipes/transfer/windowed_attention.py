"""Attention over a map of tokens: within windows or over the whole map, with relative positions or without."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from mmpretrain.models.utils import MultiheadAttention
from torch import Tensor, nn


class WindowedAttention(MultiheadAttention):
    """mmpretrain's ``MultiheadAttention`` for maps ``(B, H, W, C)``.

    Relative positions add ``q · (r_h + r_w)`` to the logit of a query and a key, where ``r_h`` and ``r_w`` are learned
    vectors for their vertical and horizontal offset. They start at zero, hence change nothing at first. The sum is
    formed inside the fused kernel (see :meth:`_with_positions`): no ``HW x HW`` bias ever exists.

    Args:
        plain: The attention to take over; options and, where shapes agree, sub-modules are shared.
        window_size: Side of the windows in tokens; None attends to the whole map.
        position_size: Side of the map, in tokens, for which relative positions are learned (interpolated for others);
            None for none.

    Source: `Exploring Plain Vision Transformer Backbones for Object Detection <https://arxiv.org/abs/2203.16527>`_,
    relative positions as in `MViTv2 <https://arxiv.org/abs/2112.01526>`_.
    """

    def __init__(self, plain: MultiheadAttention, window_size: int | None, position_size: int | None) -> None:
        super().__init__(plain.embed_dims, plain.num_heads, attn_drop=plain.attn_drop)
        self.qkv, self.proj = plain.qkv, plain.proj
        self.proj_drop, self.gamma1, self.out_drop = plain.proj_drop, plain.gamma1, plain.out_drop
        self.window_size = window_size
        self.rel_pos_h: nn.Parameter | None = None
        self.rel_pos_w: nn.Parameter | None = None
        if position_size is not None:
            offsets = 2 * position_size - 1
            self.rel_pos_h = nn.Parameter(torch.zeros(offsets, self.head_dims))
            self.rel_pos_w = nn.Parameter(torch.zeros(offsets, self.head_dims))

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens ``(B, H, W, C)`` to ``(B, H, W, C)``.

        Maps are padded with zeros to whole windows; the padding is attended to, as officially.
        """
        if self.window_size is None:
            attended = self.attend(x)
        else:
            attended = join_windows(self.attend(split_windows(x, self.window_size)), x.shape[1], x.shape[2])
        projected: Tensor = self.out_drop(self.gamma1(self.proj_drop(self.proj(attended))))
        return projected

    def attend_plainly(self, x: Tensor) -> Tensor:
        """What the plain ViT computes: no windows, no relative positions; ``(B, H, W, C)`` to ``(B, H, W, C)``."""
        attended: Tensor = super().forward(x.flatten(1, 2))
        return attended.view_as(x)

    def attend(self, x: Tensor) -> Tensor:
        """Attend within each map ``(B, H, W, C)``, before the output projection."""
        batch, height, width, _ = x.shape
        qkv = self.qkv(x).view(batch, height * width, 3, self.num_heads, self.head_dims)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        if self.rel_pos_h is not None:
            q, k, v = self._with_positions(q, k, v, (height, width))
        dropout = self.attn_drop if self.training else 0.0
        attended = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=self.head_dims**-0.5)
        return attended[..., : self.head_dims].transpose(1, 2).reshape(x.shape)

    def _with_positions(self, q: Tensor, k: Tensor, v: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Widen the heads so that ``q · k`` contains the relative positions.

        A query gets, as ``H + W`` further components, its products with ``r_h`` for each row and with ``r_w`` for each
        column; a key gets the one-hot codes of its own row and column. The value is filled up with zeros because
        kernels want equal widths. All are ``(B, heads, HW, D)``.
        """
        assert self.rel_pos_h is not None and self.rel_pos_w is not None
        height, width = size
        vectors_h, vectors_w = offset_vectors(self.rel_pos_h, height), offset_vectors(self.rel_pos_w, width)
        grid = q.unflatten(2, size)
        rows = torch.einsum('bnhwd,hkd->bnhwk', grid, vectors_h.to(q.dtype)).flatten(2, 3)
        columns = torch.einsum('bnhwd,wkd->bnhwk', grid, vectors_w.to(q.dtype)).flatten(2, 3)
        row_codes = torch.eye(height, dtype=k.dtype, device=k.device).repeat_interleave(width, dim=0)
        column_codes = torch.eye(width, dtype=k.dtype, device=k.device).repeat(height, 1)
        codes = torch.cat([row_codes, column_codes], dim=1).expand(*k.shape[:2], -1, -1)
        unscaled = self.head_dims**0.5
        q = torch.cat([q, rows * unscaled, columns * unscaled], dim=-1)
        return q, torch.cat([k, codes], dim=-1), F.pad(v, (0, height + width))


def offset_vectors(table: Tensor, size: int) -> Tensor:
    """Lay a table of offset vectors ``(2 S - 1, D)`` out for ``size`` places.

    Returns:
        ``(size, size, D)``: the vector of query place i and key place j, whose offset is i - j. For another size than
        S the table is interpolated linearly.
    """
    if len(table) != 2 * size - 1:
        table = F.interpolate(table.T[None].float(), size=2 * size - 1, mode='linear')[0].T
    places = torch.arange(size, device=table.device)
    return table[places[:, None] - places + size - 1]


def split_windows(x: Tensor, size: int) -> Tensor:
    """Cut maps ``(B, H, W, C)`` into windows ``(B * rows * columns, size, size, C)``, padded with zeros at the end."""
    batch, height, width, channels = x.shape
    x = F.pad(x, (0, 0, 0, -width % size, 0, -height % size))
    x = x.view(batch, x.shape[1] // size, size, x.shape[2] // size, size, channels)
    return x.transpose(2, 3).reshape(-1, size, size, channels)


def join_windows(windows: Tensor, height: int, width: int) -> Tensor:
    """Undo :func:`split_windows`: the maps ``(B, height, width, C)`` without padding."""
    size, channels = windows.shape[2:]
    rows, columns = -(-height // size), -(-width // size)
    x = windows.view(-1, rows, columns, size, size, channels).transpose(2, 3)
    return x.reshape(-1, rows * size, columns * size, channels)[:, :height, :width]
