"""A region proposal network for mixed precision."""

from __future__ import annotations

from typing import Any

import torch
from mmdet.models import RPNHead as MMDetRPNHead
from torch import Tensor

from sslrecipes.registry import MODELS


@MODELS.register_module()
class RPNHead(MMDetRPNHead):
    """mmdet's head, which decodes its proposals in float32 under autocast, too.

    Upstream gives the anchors the type of the scores. Half precision has 11 bits and bfloat16 eight, and so at 1024 px
    corners that are one and eight pixels apart.

    Args are those of ``mmdet.models.RPNHead``.
    """

    def predict_by_feat(self, cls_scores: list[Tensor], bbox_preds: list[Tensor], *args: Any, **kwargs: Any) -> Any:
        """Turn scores and shifts ``(B, A, H, W)`` and ``(B, 4 A, H, W)`` of each level into proposals."""
        with torch.autocast(cls_scores[0].device.type, enabled=False):
            scores, shifts = ([level.float() for level in levels] for levels in (cls_scores, bbox_preds))
            return super().predict_by_feat(scores, shifts, *args, **kwargs)
