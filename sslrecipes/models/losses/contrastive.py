"""Cross-entropy over similarities: each anchor finds its positive among all other candidates."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sslrecipes.models.utils.precision import at_least_float32, full_precision


def contrastive_loss(
    anchors: Tensor, candidates: Tensor, positives: Tensor, itself: Tensor | None, temperature: float
) -> Tensor:
    """Mean over the anchors of ``-log(exp(s_p / T) / sum_j exp(s_j / T))``, p being the anchor's positive.

    The sum goes over all candidates j but the anchor itself, which is masked, not subtracted. Computed in float32 at
    least, whatever the precision of the embeddings.

    Args:
        anchors: ``(N, C)``, rows of unit length.
        candidates: ``(M, C)``, rows of unit length.
        positives: int64 ``(N,)``, which candidate is the positive of each anchor.
        itself: int64 ``(N,)``, which candidate is the anchor; None if none is.
        temperature: T, divides the similarities.

    Source: SimCLR (arXiv:2002.05709); MoCo v3 (arXiv:2104.02057), whose anchors are no candidates.
    """
    with full_precision(anchors):
        logits = at_least_float32(anchors) @ at_least_float32(candidates).T / temperature
        if itself is not None:
            logits = logits.scatter(1, itself[:, None], -torch.inf)
        return F.cross_entropy(logits, positives)
