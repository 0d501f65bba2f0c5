"""k-NN accuracies of extracted features, the work shared by all processes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.dist import get_dist_info

from sslrecipes.evaluation.features import Features, gather_in_order
from sslrecipes.evaluation.knn import weighted_knn
from sslrecipes.evaluation.metrics import classification_scores


def knn_scores(
    bank: Features,
    queries: Features,
    *,
    ks: Sequence[int],
    temperature: float = 0.07,
    device: torch.device | str = 'cpu',
) -> dict[str, float]:
    """Classify ``queries`` by their nearest neighbours in ``bank``; every process must call it with the same features.

    Args:
        bank: Labelled features.
        queries: Features to classify, with their true classes.
        ks: Numbers of neighbours.
        temperature: See :func:`weighted_knn`.
        device: Where to search; the bank must fit there.

    Returns:
        ``top1_k{k}``, ``top5_k{k}`` and ``balanced_k{k}`` in %, for each k, on every process.
    """
    rank, world_size = get_dist_info()
    predictions = weighted_knn(
        bank.x.to(device),
        bank.y,
        queries.x[rank::world_size],
        num_classes=int(max(bank.y.max(), queries.y.max())) + 1,
        ks=ks,
        temperature=temperature,
    )
    scores: dict[str, float] = {}
    for k, shard in predictions.items():
        whole = gather_in_order(shard, len(queries.y))
        scores |= {f'{name}_k{k}': value for name, value in classification_scores(whole, queries.y).items()}
    return scores
