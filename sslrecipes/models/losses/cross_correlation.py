"""Barlow Twins: the cross-correlation of two views' embeddings is to be the identity."""

from __future__ import annotations

import torch
from torch import Tensor

from sslrecipes.models.utils.precision import at_least_float32, full_precision


def cross_correlation_loss(first: Tensor, second: Tensor, off_weight: float, eps: float = 1e-5) -> Tensor:
    """``sum_i (1 - C_ii)^2 + off_weight * sum_(i != j) C_ij^2`` of the matrix C of correlations between two views.

    ``C_ij`` is the mean over all rows of the i-th channel of the one times the j-th of the other, both brought to mean
    0 and variance 1 over the rows (biased, plus ``eps``, as a batch norm without affine does). Computed in float32
    at least, whatever the precision of the embeddings.

    Args:
        first: ``(N, D)``.
        second: ``(N, D)``.
        off_weight: Weight of the terms that make channels independent, λ of the paper.
        eps: Added to the variances.

    Source: Barlow Twins (arXiv:2103.03230), algorithm 1.
    """
    with full_precision(first):
        one, other = (_standardized(at_least_float32(view), eps) for view in (first, second))
        correlation = one.T @ other / len(one)
        diagonal = correlation.diagonal()
        others = correlation.square().sum() - diagonal.square().sum()
        return (1 - diagonal).square().sum() + off_weight * others


def _standardized(rows: Tensor, eps: float) -> Tensor:
    variance, mean = torch.var_mean(rows, dim=0, correction=0)
    return (rows - mean) * (variance + eps).rsqrt()
