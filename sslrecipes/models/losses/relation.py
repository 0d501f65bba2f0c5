"""Distillation of attention logits."""

from __future__ import annotations

from torch import Tensor


def relation_distribution(target: Tensor, temperature: float) -> Tensor:
    """Return the base model's attention over the patches, from its logits ``(B, Q, H, L)``."""
    return (target.float() / temperature).softmax(dim=-1)


def relation_cross_entropy(pred: Tensor, target: Tensor, temperature: float) -> Tensor:
    """Soft cross-entropy between predicted and target relations, mean over images, queries and heads.

    The temperature divides the target only; the target's entropy is included, so the loss starts near ln L.

    Args:
        pred: ``(B, Q, H, L)`` logits.
        target: ``(B, Q, H, L)`` logits of the base model.
        temperature: Softens (> 1) or sharpens the target distribution.

    Source: ``forward_loss`` of sail-sg/TEC.
    """
    probabilities = relation_distribution(target, temperature)
    return -(probabilities * pred.float().log_softmax(dim=-1)).sum(dim=-1).mean()
