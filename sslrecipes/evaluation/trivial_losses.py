"""The loss of a network that gives the same output for every image, as far as it follows from the method alone."""

from __future__ import annotations

import math
from typing import Any

from mmpretrain.models import MAEPretrainHead
from torch import nn

from sslrecipes.models.heads.tec_head import TECHead

#: BYOL: ``2 - 2 cos`` of two equal vectors, the least there is.
BYOL = 0.0
#: SimSiam: ``-cos`` of two equal vectors, the least there is.
SIMSIAM = -1.0
#: MAE with ``norm_pix``: the variance of a target patch, which predicting its mean leaves over. (Exactly ``1 - 1 / D``
#: for D values in a patch, as the variance is the unbiased one, and 0 in patches of one colour.)
MAE_NORM_PIX = 1.0


def dino(num_prototypes: int) -> float:
    """Cross-entropy of uniform student and teacher over K prototypes (SwAV's alike): ln K."""
    return math.log(num_prototypes)


swav = dino


def moco(queue_length: int) -> float:
    """Cross-entropy of one positive among K negatives that are all as similar: ln(K + 1)."""
    return math.log(queue_length + 1)


def simclr(num_images: int) -> float:
    """Cross-entropy of one positive among the other views of N images with two views each: ln(2N - 1)."""
    return math.log(2 * num_images - 1)


def tec(num_patches: int, relation: bool = True) -> float:
    """Loss of TEC: variance 1 of the normalised features, plus a uniform relation to L patches: 1 + ln L."""
    return 1.0 + (math.log(num_patches) if relation else 0.0)


def trivial_loss(model: nn.Module) -> float | None:
    """Loss of ``model`` after a collapse: its head's ``trivial_loss``, or known by the head's class; None if unknown.

    For methods that minimise similarity alone (BYOL, SimSiam) it is the least possible loss, for the others the one
    that training starts from and falls below.
    """
    head: Any = getattr(model, 'head', None)
    if hasattr(head, 'trivial_loss'):
        known: float | None = head.trivial_loss
        return known
    if isinstance(head, MAEPretrainHead):
        squared = isinstance(getattr(head.loss_module, 'penalty', None), nn.MSELoss)
        return MAE_NORM_PIX if head.norm_pix and squared else None
    if isinstance(head, TECHead) and head.normalize_target:
        neck: Any = model.neck
        return tec(neck.pos_embed.shape[1] - 1, relation=neck.relation_branch is not None)
    return None
