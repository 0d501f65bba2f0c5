"""k-NN accuracy of a validation set within itself: a monitor that needs no bank of training images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.device import get_device
from mmengine.evaluator import BaseMetric
from torch import Tensor

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import whole
from sslrecipes.config.rules.evaluation import positive
from sslrecipes.errors import DataError
from sslrecipes.evaluation.knn import check_ks, nearest_neighbours, vote
from sslrecipes.evaluation.metrics import topk_accuracy, warn_of_trivial_top5
from sslrecipes.registry import METRICS


@torch.no_grad()
def self_knn(features: Tensor, labels: Tensor, *, k: int = 20, temperature: float = 0.07, chunk: int = 256) -> Tensor:
    """Classify each sample by a weighted vote of its nearest neighbours among the others.

    Args:
        features: ``(N, C)``; L2-normalised here. The search runs on their device.
        labels: Classes ``(N,)``.
        k: Number of neighbours, below N.
        temperature: The vote of a neighbour is ``exp(cosine / temperature)``.
        chunk: Samples handled at once.

    Returns:
        The best ``min(5, k, number of classes)`` classes ``(N, ...)``, best first, on the CPU.

    Raises:
        ConfigError: If there are not ``k`` others.

    Source: the monitor of SSLight's pre-training.
    """
    check_ks([k], len(features) - 1)
    bank, classes = F.normalize(features.float(), dim=1), labels.to(features.device)
    predictions = []
    for rows in torch.arange(len(bank), device=bank.device).split(chunk):
        similarity, index = nearest_neighbours(bank, bank[rows], k + 1, bank_chunk=65536)
        others = similarity.masked_fill(index == rows[:, None], -torch.inf)
        similarity, order = others.topk(k, dim=1)
        neighbours = classes[index.gather(1, order)]
        predictions += [pred.cpu() for pred in vote(similarity, neighbours, int(labels.max()) + 1, [k], temperature)]
    return torch.cat(predictions)


@METRICS.register_module()
class SelfKNN(BaseMetric):
    """Top-1 and top-5 k-NN accuracy in % of the validation set within itself, each image itself left out.

    Takes data samples with ``feature`` ``(C,)``, as the joint probe's ``predict`` fills in, and ``gt_label``. Reported
    as ``knn/top1`` and ``knn/top5``. A monitor: no published number is of this kind, because with few images per class
    it depends on their number.

    Args:
        k: Number of neighbours.
        temperature: Softness of the vote.
        collect_device: 'cpu' or 'gpu': where the ranks' results are put together.
        prefix: Replaces ``knn`` in the names.

    Raises:
        ConfigError: If ``k`` or ``temperature`` isn't positive; at the end of the validation, if it has too few images.
        DataError: If a sample has no ``feature`` or no label.

    Source: the monitor of SSLight's pre-training.
    """

    default_prefix = 'knn'

    def __init__(
        self, k: int = 20, temperature: float = 0.07, collect_device: str = 'cpu', prefix: str | None = None
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        refuse_bad_values('SelfKNN', {'k': k, 'temperature': temperature}, {'k': whole(1), 'temperature': positive})
        self.k = k
        self.temperature = temperature

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the feature and the class of each sample."""
        for sample in data_samples:
            missing = [name for name in ('feature', 'gt_label') if name not in sample]
            if missing:
                raise DataError(
                    f'SelfKNN needs labelled images and a model that predicts their features, such as a method with a '
                    f'joint probe: there is no "{missing[0]}".'
                )
            self.results.append((sample['feature'].float().cpu(), int(sample['gt_label'])))

    def compute_metrics(self, results: list[tuple[Tensor, int]]) -> dict[str, float]:
        """Put the features of all ranks together and classify."""
        features = torch.stack([feature for feature, _ in results]).to(get_device())
        labels = torch.tensor([label for _, label in results])
        warn_of_trivial_top5(int(labels.max()) + 1, f'{self.prefix}/top5')
        predictions = self_knn(features, labels, k=self.k, temperature=self.temperature)
        return {f'top{n}': topk_accuracy(predictions, labels, n) for n in (1, 5)}
