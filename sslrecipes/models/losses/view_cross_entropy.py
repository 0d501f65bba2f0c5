"""Cross-entropy between soft targets and the predictions of several views."""

from __future__ import annotations

import torch
from torch import Tensor

from sslrecipes.models.losses.view_weights import NUM_GLOBALS, ViewWeights


def view_cross_entropy(targets: Tensor, log_probs: Tensor) -> Tensor:
    """Mean over views and images of the cross-entropy; all views of an image share its target.

    It is linear in the targets: the mean over several targets is the cross-entropy of their mean.

    Args:
        targets: Probabilities ``(B, K)``.
        log_probs: Logarithms of probabilities ``(V, B, K)``.
    """
    return -torch.einsum('bk,vbk->vb', targets, log_probs).mean()


def swapped_cross_entropy(targets: Tensor, log_probs: Tensor, weights: ViewWeights) -> Tensor:
    """Weighted cross-entropy of every view against the targets of the global views other than itself.

    Args:
        targets: Probabilities ``(2, B, K)`` of the global views.
        log_probs: Logarithms of probabilities ``(V, B, K)`` of all views ``[g1, g2, l1 ...]``.
        weights: Weights of the two kinds of pairs.
    """
    between = [view_cross_entropy(targets[1], log_probs[:1]), view_cross_entropy(targets[0], log_probs[1:2])]
    locals_ = log_probs[NUM_GLOBALS:]
    return weights(between, [view_cross_entropy(targets.mean(dim=0), locals_)] if len(locals_) else [])
