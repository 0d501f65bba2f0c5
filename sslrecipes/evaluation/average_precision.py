"""Average precision of multi-label predictions as Pascal VOC has measured it since 2010."""

from __future__ import annotations

import logging
from typing import Any

import torch
from mmengine.logging import print_log
from mmpretrain.evaluation import AveragePrecision
from torch import Tensor

from sslrecipes.errors import DataError, counted
from sslrecipes.registry import METRICS


def interpolated_average_precision(scores: Tensor, targets: Tensor) -> float:
    """Area below the precision-recall curve of one class, made monotone.

    At each recall that a positive reaches, the precision is the highest at this or any greater recall.

    Args:
        scores: Scores ``(N,)`` of the samples.
        targets: 1 positive, 0 negative, -1 left out, ``(N,)``.

    Returns:
        The share in [0, 1]; NaN without positives.
    """
    counted_ones = targets >= 0
    ranked = targets[counted_ones][scores[counted_ones].argsort(descending=True, stable=True)] > 0
    if not ranked.any():
        return float('nan')
    hits = ranked.double().cumsum(0)
    precision = hits / torch.arange(1, len(hits) + 1, device=hits.device)
    envelope = precision.flip(0).cummax(0).values.flip(0)
    return float(envelope[ranked].mean())


@METRICS.register_module()
class InterpolatedAveragePrecision(AveragePrecision):
    """Mean over the classes of the area below the monotone precision-recall curve, in %: ``multi-label/mAP``.

    Pascal VOC's measure since 2010, and that of the official S3L code on VOC 2007; neither the 11-point mean of 2007,
    nor mmpretrain's ``AveragePrecision``, which takes the precision at each positive as it is, and is lower.
    Targets are the samples' ``gt_score``, of which -1 is left out (``VOCLabels`` has them), or else their ``gt_label``.
    A class without positives has no average precision: it is left out of the mean, and the log is warned.

    Args:
        average: 'macro' reports the mean; None each class as ``multi-label/AP_classwise``, NaN without positives.
        collect_device: 'cpu' or 'gpu': where the ranks' results are put together.
        prefix: Replaces ``multi-label`` in the name.
    """

    @staticmethod
    def calculate(pred: Any, target: Any, average: str | None = 'macro') -> Tensor:
        """Average precision in % of scores ``(N, K)`` for targets ``(N, K)``: the mean, or (K,) without ``average``.

        Raises:
            DataError: The shapes differ, a target is none of 1, 0 and -1, a score isn't a number, or no class has
                positives.
        """
        scores, targets = torch.as_tensor(pred), torch.as_tensor(target)
        _check(scores, targets)
        columns = zip(scores.T, targets.T, strict=True)
        areas = [interpolated_average_precision(*column) for column in columns]
        values = 100 * torch.tensor(areas, dtype=torch.float64)
        if average is None:
            return values
        without = int(values.isnan().sum())
        if without == len(values):
            raise DataError('No class has a positive sample: there is no average precision.')
        if without:
            text = f'{counted(without, "class")} without positive samples left out of the mean average precision'
            print_log(text, 'current', logging.WARNING)
        return values.nanmean()


def _check(scores: Tensor, targets: Tensor) -> None:
    if scores.ndim != 2 or scores.shape != targets.shape:
        raise DataError(
            f'Average precision needs scores and targets of one shape, samples x classes, but got '
            f'{tuple(scores.shape)} and {tuple(targets.shape)}.'
        )
    odd = targets[(targets != 1) & (targets != 0) & (targets != -1)]
    if len(odd):
        raise DataError(
            f'Targets of average precision are 1, 0, or -1 for what is left out, but one is {float(odd[0]):g}.'
        )
    if scores.isnan().any():
        raise DataError('A score of which average precision is asked is not a number.')
