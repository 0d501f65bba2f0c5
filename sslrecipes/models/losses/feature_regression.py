"""Masked regression of features."""

from __future__ import annotations

from torch import Tensor


def normalize_over_patches(feature: Tensor) -> Tensor:
    """Normalise each channel of ``(B, L, C)`` over the L patches of its image (unbiased variance, eps 1e-6).

    This is an instance norm, not a layer norm.

    Source: ``forward_loss`` of sail-sg/TEC.
    """
    var, mean = feature.var(dim=1, keepdim=True), feature.mean(dim=1, keepdim=True)
    return (feature - mean) / (var + 1e-6).sqrt()


def masked_mse(pred: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the removed patches.

    Args:
        pred: ``(B, L, C)``.
        target: ``(B, L, C)``.
        mask: ``(B, L)``, 1 = removed.
    """
    error = (pred.float() - target.float()).square().mean(dim=-1)
    return (error * mask).sum() / mask.sum()
