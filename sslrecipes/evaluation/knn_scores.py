"""k-NN accuracies of extracted features, the work shared by all processes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.dist import get_dist_info

from sslrecipes.errors import DataError
from sslrecipes.evaluation.features import Features, gather_in_order
from sslrecipes.evaluation.knn import ChunkProgress, check_ks, weighted_knn
from sslrecipes.evaluation.metrics import classification_scores


def knn_scores(
    bank: Features,
    queries: Features,
    *,
    ks: Sequence[int],
    temperature: float = 0.07,
    num_classes: int | None = None,
    device: torch.device | str = 'cpu',
    watch: ChunkProgress = iter,
) -> dict[str, float]:
    """Classify ``queries`` by their nearest neighbours in ``bank``; every process must call it with the same features.

    Args:
        bank: Labelled features.
        queries: Features to classify, with their true classes.
        ks: Numbers of neighbours.
        temperature: See :func:`weighted_knn`.
        num_classes: Number of classes; by default the highest class in the bank tells.
        device: Where to search; the bank must fit there.
        watch: See :func:`weighted_knn`.

    Returns:
        ``top1_k{k}``, ``top5_k{k}`` and ``balanced_k{k}`` in %, for each k, on every process.

    Raises:
        ConfigError: If a k is larger than the bank, or the temperature is not positive.
        DataError: If there are no samples, a class to find is none of the bank's, or features aren't finite.
    """
    check_ks(ks, len(bank.y))
    num_classes = num_classes or int(bank.y.max()) + 1
    _check_queries(queries, num_classes)
    rank, world_size = get_dist_info()
    share = queries.x[rank::world_size]
    predictions = weighted_knn(
        bank.x.to(device), bank.y, share, num_classes=num_classes, ks=ks, temperature=temperature, watch=watch
    )
    scores: dict[str, float] = {}
    for k, shard in predictions.items():
        whole = gather_in_order(shard, len(queries.y))
        scores |= {f'{name}_k{k}': value for name, value in classification_scores(whole, queries.y).items()}
    return scores


def _check_queries(queries: Features, num_classes: int) -> None:
    if not len(queries.y):
        raise DataError('There are no images to classify by their nearest neighbours.')
    if int(queries.y.min()) < 0 or int(queries.y.max()) >= num_classes:
        raise DataError(
            f'The k-NN bank has the classes 0 .. {num_classes - 1}, but the images to classify have '
            f'{int(queries.y.min())} .. {int(queries.y.max())}: they could never be right.'
        )
