"""Cross-entropy over similarities with several positives: each row finds all others of its label."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sslrecipes.models.utils.precision import full_precision

#: Rows whose similarities to all others are in memory at once.
BLOCK = 1024


def supervised_contrastive_loss(rows: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Mean over all rows i of ``-mean_p log(exp(s_ip / T) / sum_{a != i} exp(s_ia / T))``, p being its positives.

    Those are all other rows of the same label, at least one. Computed in float32 whatever the precision of the rows,
    and block by block: of the N x N similarities, 268 MB at 8192 rows, there are never more than ``BLOCK`` rows, a few
    times in different roles. The gradient is made beside the loss, so nothing else is kept for the backward pass.

    Args:
        rows: ``(N, C)`` of unit length.
        labels: int64 ``(N,)``.
        temperature: T, divides the similarities.

    Source: SupCon (arXiv:2004.11362), equation 2; ``SupCluLoss`` of W2SSL, whose factor T / 0.07 is left to the caller.
    """
    with full_precision(rows):
        total: Tensor = _Sum.apply(rows.float(), labels, temperature)
    return total / len(rows)


class _Sum(torch.autograd.Function):
    """Sum of the loss over all rows."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, labels: Tensor, temperature: float) -> Tensor:
        total, gradient = rows.new_zeros(()), torch.zeros_like(rows)
        for first in range(0, len(rows), BLOCK):
            anchors = rows[first : first + BLOCK]
            loss, pull = _block(anchors, rows, labels, first, temperature)
            total += loss
            gradient[first : first + BLOCK] += pull @ rows
            gradient += pull.T @ anchors
        ctx.save_for_backward(gradient / temperature)
        return total

    @staticmethod
    def backward(ctx: Any, *scale: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return scale[0] * gradient, None, None


def _block(anchors: Tensor, rows: Tensor, labels: Tensor, first: int, temperature: float) -> tuple[Tensor, Tensor]:
    """Summed loss of the anchors, which are the rows from ``first``, and its gradient ``(b, N)`` for their logits."""
    itself = torch.arange(first, first + len(anchors), device=rows.device)[:, None]
    positives = (labels[itself] == labels).scatter(1, itself, False)
    logits = (anchors @ rows.T).div_(temperature).scatter_(1, itself, -torch.inf)
    log_probabilities = logits.log_softmax(dim=1)
    shares = positives / positives.sum(dim=1, keepdim=True)
    loss = -(log_probabilities.where(positives, 0) * shares).sum()
    return loss, log_probabilities.exp_().sub_(shares)
