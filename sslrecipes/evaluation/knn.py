"""Weighted k-nearest-neighbour classification of frozen features."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.evaluation import NEIGHBOURS
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.evaluation.knn_search import NeighbourSearch

EMPTY_BANK = 'The k-NN bank is empty: give it labelled images.'
ChunkProgress = Callable[[Sequence[Tensor]], Iterable[Tensor]]


def check_ks(ks: Sequence[int] | int, bank_size: int) -> list[int]:
    """Return ``ks`` in ascending order without repeats.

    Args:
        ks: Numbers of neighbours, or one.
        bank_size: Number of labelled samples to choose the neighbours from.

    Raises:
        ConfigError: If ``ks`` is empty or one of them is not within ``1 .. bank_size``.
        DataError: If the bank is empty.
    """
    if bank_size < 1:
        raise DataError(EMPTY_BANK)
    ordered = sorted({ks} if isinstance(ks, int) else set(ks))
    if not ordered:
        raise ConfigError(f'k-NN needs at least one k; got ks={ks}.')
    refuse(bad_value('k-NN: ks', ordered, NEIGHBOURS['ks']))
    if ordered[-1] > bank_size:
        raise ConfigError(
            f'k-NN with k={ordered[-1]} needs that many labelled samples, but the bank has {bank_size}: '
            'use a smaller k or a larger bank.'
        )
    return ordered


def nearest_neighbours(bank_x: Tensor, queries: Tensor, k: int, bank_chunk: int) -> tuple[Tensor, Tensor]:
    """Find the ``k`` rows of the bank with the largest inner product, exactly.

    Args:
        bank_x: ``(N, C)``.
        queries: ``(B, C)``.
        k: Number of neighbours, at most N.
        bank_chunk: Bank rows compared at once.

    Returns:
        Similarities and bank indices, both ``(B, k)``, most similar first.
    """
    best: tuple[Tensor, Tensor] | None = None
    for start in range(0, len(bank_x), bank_chunk):
        part = bank_x[start : start + bank_chunk]
        similarity, index = (queries @ part.T).topk(min(k, len(part)), dim=1)
        index += start
        if best is not None:
            similarity, keep = torch.cat([best[0], similarity], dim=1).topk(min(k, start + len(part)), dim=1)
            index = torch.cat([best[1], index], dim=1).gather(1, keep)
        best = similarity, index
    assert best is not None
    return best


def vote(similarity: Tensor, labels: Tensor, num_classes: int, ks: Sequence[int], temperature: float) -> list[Tensor]:
    """Rank the classes by the summed votes ``exp(similarity / temperature)`` of the first ``k`` neighbours.

    Args:
        similarity: ``(B, K)``, most similar first.
        labels: Classes of the neighbours ``(B, K)``.
        num_classes: Number of classes.
        ks: Ascending numbers of neighbours, at most K.
        temperature: Softness of the votes.

    Returns:
        For each k the best ``min(5, k, num_classes)`` classes ``(B, ...)``, best first. Classes nobody voted for come
        last, in ascending order.
    """
    # the common factor exp(-max / T) changes no ranking and keeps small temperatures from overflowing
    votes = ((similarity - similarity[:, :1]) / temperature).exp()
    scores = votes.new_zeros(len(votes), num_classes)
    scores -= torch.arange(num_classes, device=votes.device) * torch.finfo(votes.dtype).tiny
    predictions, counted = [], 0
    for k in ks:
        scores.scatter_add_(1, labels[:, counted:k], votes[:, counted:k])
        predictions.append(scores.topk(min(5, k, num_classes), dim=1).indices)
        counted = k
    return predictions


@torch.no_grad()
def weighted_knn(
    train_x: Tensor,
    train_y: Tensor,
    test_x: Tensor,
    *,
    num_classes: int,
    ks: Sequence[int] = (10, 20, 100, 200),
    temperature: float = 0.07,
    normalize: bool = True,
    chunk: int = 4096,
    bank_chunk: int = 32768,
    watch: ChunkProgress = iter,
) -> dict[int, Tensor]:
    """Classify by a weighted vote of the nearest neighbours in cosine similarity, for several k in one pass.

    The search, see :class:`NeighbourSearch`, is exact, on the device and in the precision of ``train_x``, and copies
    neither bank nor ``test_x``; :func:`sslrecipes.evaluation.knn_search.working_memory` bounds what it needs beside
    them: 0.6 GB for a bank of 1.28 M x 1024, 1000 classes and k = 200, whatever the number of rows of ``test_x``.

    Args:
        train_x: Features of the bank ``(N, C)``.
        train_y: Classes of the bank ``(N,)``.
        test_x: Features to classify ``(M, C)``.
        num_classes: Number of classes.
        ks: Numbers of neighbours.
        temperature: Vote weight of a neighbour is ``exp(cosine / temperature)``.
        normalize: L2-normalise the features; False if they already are.
        chunk: Rows of ``test_x`` for which the bank is passed once.
        bank_chunk: Rows of ``train_x`` compared at once.
        watch: Makes the iterable of chunks from their sequence: the place for progress bars.

    Returns:
        For each k the best ``min(5, k, num_classes)`` classes ``(M, ...)``, best first, on the CPU.

    Raises:
        ConfigError: If a k is larger than the bank, or the temperature is not positive.
        DataError: If the bank is empty, widths differ, a label is outside ``0 .. num_classes - 1``, or features aren't
            finite.

    Source: `Unsupervised Feature Learning via Non-Parametric Instance Discrimination
    <https://arxiv.org/abs/1805.01978>`_, section 3.4.

    Example:
        >>> bank = torch.eye(3)
        >>> weighted_knn(bank, torch.arange(3), bank[[2, 0]], num_classes=3, ks=(1,))
        {1: tensor([[2],
                [0]])}
    """
    ordered = check_ks(ks, len(train_x))
    _check_inputs(train_x, train_y, test_x, num_classes, temperature)
    search = NeighbourSearch(train_x, normalize, bank_chunk)
    labels = train_y.to(train_x.device)
    parts: list[list[Tensor]] = []
    for queries in watch(torch.split(test_x, chunk)):
        similarity, index = search(queries.to(train_x), ordered[-1])
        parts.append([pred.cpu() for pred in vote(similarity, labels[index], num_classes, ordered, temperature)])
    return {k: torch.cat(columns) for k, columns in zip(ordered, zip(*parts, strict=True), strict=True)}


def _check_inputs(train_x: Tensor, train_y: Tensor, test_x: Tensor, num_classes: int, temperature: float) -> None:
    refuse(bad_value('k-NN: temperature', temperature, NEIGHBOURS['temperature']))
    if train_x.shape[1] != test_x.shape[1]:
        raise DataError(f'Bank and test features differ in width: {train_x.shape[1]} and {test_x.shape[1]}.')
    if int(train_y.min()) < 0 or int(train_y.max()) >= num_classes:
        raise DataError(
            f'Labels of the k-NN bank must be within 0 .. {num_classes - 1}, '
            f'found {int(train_y.min())} .. {int(train_y.max())}.'
        )
