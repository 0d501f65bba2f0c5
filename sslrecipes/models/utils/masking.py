"""Random masking of patches as in MAE."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Masking(NamedTuple):
    """Which patches a masked encoder sees.

    Attributes:
        ids_keep: ``(B, K)`` indices of the visible patches, in the order the encoder sees them.
        ids_restore: ``(B, L)`` position of each patch in the shuffled sequence (visible ones first).
        mask: ``(B, L)`` float, 1 where the patch is removed.
    """

    ids_keep: Tensor
    ids_restore: Tensor
    mask: Tensor


def random_masking(noise: Tensor, mask_ratio: float) -> Masking:
    """Keep the patches with the smallest noise.

    Args:
        noise: ``(B, L)`` uniform draws, one per patch.
        mask_ratio: Share of removed patches; ``int(L * (1 - mask_ratio))`` stay, in float arithmetic as officially
            (L=25, ratio 0.8 keeps 4).

    Source: ``random_masking`` in ``models_mae.py`` of facebookresearch/mae.
    """
    return shuffle_masking(noise, int(noise.shape[1] * (1 - mask_ratio)))


def shuffle_masking(noise: Tensor, num_keep: int) -> Masking:
    """Keep the ``num_keep`` patches with the smallest ``noise`` ``(B, L)``, in ascending order of it."""
    ids_shuffle = noise.argsort(dim=1)
    ids_restore = ids_shuffle.argsort(dim=1)
    return Masking(ids_shuffle[:, :num_keep], ids_restore, (ids_restore >= num_keep).float())


def gather_tokens(tokens: Tensor, ids: Tensor) -> Tensor:
    """Pick tokens ``(B, N, C)`` by indices ``(B, K)``, giving ``(B, K, C)``."""
    return tokens.gather(1, ids.unsqueeze(-1).expand(-1, -1, tokens.shape[-1]))


def restore_tokens(visible: Tensor, mask_token: Tensor, ids_restore: Tensor) -> Tensor:
    """Put visible tokens back to their places and a mask token everywhere else.

    Args:
        visible: ``(B, K, C)`` in encoder order.
        mask_token: ``(1, 1, C)``.
        ids_restore: ``(B, L)`` from :func:`random_masking`.

    Returns:
        ``(B, L, C)``.
    """
    num_masked = ids_restore.shape[1] - visible.shape[1]
    shuffled = torch.cat([visible, mask_token.to(visible.dtype).expand(visible.shape[0], num_masked, -1)], dim=1)
    return gather_tokens(shuffled, ids_restore)
