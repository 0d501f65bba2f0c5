"""The loss of a network that tells no images apart."""

from __future__ import annotations

import math
from typing import Any

from mmpretrain.models.heads import ClsHead
from mmpretrain.models.losses import CrossEntropyLoss, LabelSmoothLoss
from torch import nn


def trivial_loss(model: Any) -> float | None:
    """Loss of a network that tells no images apart; None if nobody knows it.

    A method, or its head, brings its own as ``trivial_loss``. A classifier that finds all K classes alike probable has
    ``ln K``, whatever the labels, smoothed and mixed ones included; one that knows their frequencies has less.

    Args:
        model: The model, not wrapped.
    """
    head = getattr(model, 'head', None)
    for part in (model, head):
        if (own := getattr(part, 'trivial_loss', None)) is not None:
            return float(own)
    classes = getattr(head, 'num_classes', None) or getattr(getattr(head, 'fc', None), 'out_features', None)
    if isinstance(head, ClsHead) and classes and _is_cross_entropy(head.loss_module):
        return math.log(classes) * float(getattr(head.loss_module, 'loss_weight', 1.0))
    return None


def _is_cross_entropy(loss: nn.Module) -> bool:
    """Whether it is that of a softmax over the classes."""
    if isinstance(loss, LabelSmoothLoss):
        return loss.mode != 'multi_label'
    return isinstance(loss, CrossEntropyLoss) and not loss.use_sigmoid
