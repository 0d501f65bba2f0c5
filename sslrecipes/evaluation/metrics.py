"""Accuracies: top-k, class-balanced, and one per head of a linear probe."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from torch import Tensor

from sslrecipes.errors import counted
from sslrecipes.registry import METRICS

_TOP = 5


def topk_accuracy(predictions: Tensor, labels: Tensor, k: int) -> float:
    """Share in % of samples whose class is among the first ``k`` predictions.

    Args:
        predictions: Classes ``(N, P)``, best first; if P < k, all of them count.
        labels: True classes ``(N,)``.
        k: How many predictions count.
    """
    hits = (predictions[:, :k] == labels[:, None]).any(dim=1)
    return 100 * hits.double().mean().item()


def balanced_accuracy(predictions: Tensor, labels: Tensor) -> float:
    """Mean over the classes present in ``labels`` of the share in % of their samples that are right.

    Args:
        predictions: Predicted classes ``(N,)``.
        labels: True classes ``(N,)``.
    """
    total = labels.bincount()
    right = labels[predictions == labels].bincount(minlength=len(total))
    present = total > 0
    return 100 * (right[present].double() / total[present]).mean().item()


def warn_of_trivial_top5(num_classes: int, names: str) -> None:
    """Say in the log that a top-5 accuracy means nothing if there are no more than five classes.

    Args:
        num_classes: Number of classes.
        names: What the accuracies are called.
    """
    if num_classes <= _TOP:
        text = f'With {counted(num_classes, "class")} {names} means nothing: the first five are all that there are'
        print_log(text, 'current', logging.WARNING)


def classification_scores(predictions: Tensor, labels: Tensor) -> dict[str, float]:
    """Top-1, top-5 and class-balanced accuracy in % of predictions ``(N, P)``, best first, for ``labels`` ``(N,)``."""
    return {
        'top1': topk_accuracy(predictions, labels, 1),
        'top5': topk_accuracy(predictions, labels, 5),
        'balanced': balanced_accuracy(predictions[:, 0], labels),
    }


@METRICS.register_module()
class BalancedAccuracy(BaseMetric):
    """Class-balanced top-1 accuracy in %: each class counts the same, however many samples it has.

    Takes the data samples of any classifier with ``gt_label`` and ``pred_label`` or ``pred_score``. Reported as
    ``accuracy/balanced``, beside mmpretrain's ``accuracy/top1``. Useless where every class has as many samples.

    Args:
        collect_device: 'cpu' or 'gpu': where the ranks' results are put together.
        prefix: Replaces ``accuracy`` in the name.
    """

    default_prefix = 'accuracy'

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep (predicted, true) of each sample."""
        for sample in data_samples:
            predicted = sample['pred_label'] if 'pred_label' in sample else sample['pred_score'].argmax()
            self.results.append((int(predicted), int(sample['gt_label'])))

    def compute_metrics(self, results: list[tuple[int, int]]) -> dict[str, float]:
        """Put the pairs of all ranks together."""
        predictions, labels = torch.tensor(results).T
        return {'balanced': balanced_accuracy(predictions, labels)}


@METRICS.register_module()
class ProbeAccuracy(BaseMetric):
    """Top-1, top-5 and class-balanced accuracy in % of each head of a ``LinearProbe``, and of the best head.

    Heads are named by their learning-rate scale: ``probe/top1_x0.5``. ``probe/best_top1`` and
    ``probe/best_lr_scale`` belong to the head with the highest top-1 on **this** data: with more than one head the
    learning rate is selected on the data it is reported for.

    Args:
        collect_device: 'cpu' or 'gpu': where the ranks' results are put together.
        prefix: Replaces ``probe`` in the names.
    """

    default_prefix = 'probe'

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.lr_scales: Sequence[float] = ()
        self.num_classes: int | None = None

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the five best classes of each head and the true class of each sample."""
        for sample in data_samples:
            self.lr_scales = sample['probe_lr_scales']
            scores = sample['probe_score']
            self.num_classes = scores.shape[1]
            best = scores.topk(min(_TOP, self.num_classes), dim=1).indices
            self.results.append((best.cpu(), int(sample['gt_label'])))

    def compute_metrics(self, results: list[tuple[Tensor, int]]) -> dict[str, float]:
        """Put the predictions of all ranks together."""
        if self.num_classes is not None:
            warn_of_trivial_top5(self.num_classes, f'{self.prefix}/top5')
        predictions = torch.stack([prediction for prediction, _ in results], dim=1)
        labels = torch.tensor([label for _, label in results])
        metrics: dict[str, float] = {}
        for scale, head in zip(self.lr_scales, predictions, strict=True):
            metrics |= {f'{name}_x{scale:g}': value for name, value in classification_scores(head, labels).items()}
        best = max(self.lr_scales, key=lambda scale: metrics[f'top1_x{scale:g}'])
        return metrics | {'best_top1': metrics[f'top1_x{best:g}'], 'best_lr_scale': float(best)}
