"""Cross-entropy between soft targets and the predictions of several views."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sslrecipes.models.losses.target_entropy import entropy
from sslrecipes.models.losses.view_weights import NUM_GLOBALS, ViewWeights


def swapped_cross_entropy(targets: Tensor, logits: Tensor, weights: ViewWeights, temperature: float = 1.0) -> Tensor:
    """Weighted cross-entropy of every view against the targets of the global views other than itself.

    Each pair of views is compared on its own, its logits divided for it alone. Fewer operations would do, but their
    gradients round otherwise than officially, and biases before a batch norm are trained by nothing but roundings.

    Args:
        targets: Probabilities ``(2, B, K)`` of the global views.
        logits: ``(V, B, K)`` of all views ``[g1, g2, l1 ...]``.
        weights: Weights of the two kinds of pairs.
        temperature: Divides the logits.
    """

    def compare(target: int, view: int) -> Tensor:
        return F.cross_entropy(logits[view] / temperature, targets[target])

    locals_ = range(NUM_GLOBALS, len(logits))
    return weights([compare(0, 1), compare(1, 0)], [compare(a, view) for a in range(NUM_GLOBALS) for view in locals_])


def least_cross_entropy(targets: Tensor, weights: ViewWeights) -> Tensor:
    """What :func:`swapped_cross_entropy` would be if every view were predicted perfectly; passes no gradient.

    Each global view's target stands in equally many pairs of a kind, so that both means are of the same entropy.
    """
    return entropy(targets) * sum(weights.weights)
