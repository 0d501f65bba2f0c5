"""Linear classifier trained beside a self-supervised method, on features that pass no gradient back."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslrecipes.errors import DataError
from sslrecipes.registry import MODELS


@MODELS.register_module()
class JointProbe(nn.Linear):
    """Linear probe whose cross-entropy is added to the loss of a method; tells how good the features are so far.

    Args:
        in_channels: Width C of the features.
        num_classes: Number of classes K.

    Source: SSLight (``classifier`` in all of its published recipes).
    """

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__(in_channels, num_classes)
        self.num_classes = num_classes

    def loss(self, features: Tensor, data_samples: list[DataSample] | None) -> dict[str, Tensor]:
        """Cross-entropy ``loss_probe`` and accuracy ``probe_top1`` (%) of features ``(B, C)``.

        Raises:
            DataError: If a sample has no single label.
        """
        labels = labels_of(data_samples).to(features.device)
        logits = self(features.detach())
        accuracy = 100 * (logits.detach().argmax(dim=1) == labels).float().mean()
        return {'loss_probe': F.cross_entropy(logits, labels), 'probe_top1': accuracy}

    def predict(self, features: Tensor, data_samples: list[DataSample] | None = None) -> list[DataSample]:
        """Fill in ``pred_score`` (K,), ``pred_label`` and ``feature`` (C,) of features ``(B, C)``."""
        samples = data_samples or [DataSample() for _ in features]
        for sample, feature, scores in zip(samples, features, self(features).softmax(dim=1), strict=True):
            sample.set_pred_score(scores).set_pred_label(scores.argmax())
            sample.set_field(feature, 'feature')
        return samples


def labels_of(data_samples: list[DataSample] | None) -> Tensor:
    """Labels ``(B,)`` of samples that have one each.

    Raises:
        DataError: If one has not.
    """
    samples = data_samples or []
    if not samples or any('gt_label' not in sample or sample.gt_label.numel() != 1 for sample in samples):
        raise DataError(
            'The joint probe needs exactly one gt_label per image: use labelled data, or leave the probe out '
            '(model.probe=None, no OnlineProbeHook).'
        )
    return torch.cat([sample.gt_label for sample in samples])
