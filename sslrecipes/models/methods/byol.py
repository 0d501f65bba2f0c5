"""BYOL."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import share
from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.methods.multi_crop_method import pooled_output
from sslrecipes.models.methods.two_view_method import TwoViewMethod
from sslrecipes.models.utils.cosine import cosine
from sslrecipes.registry import MODELS


@MODELS.register_module()
class BYOL(TwoViewMethod):
    """Predict what a slowly following teacher makes of one view from the other view.

    Each view goes through the networks on its own. The teacher is in training mode: its batch norms use batch
    statistics and keep running ones of their own.

    Args:
        base_momentum: Share that the teacher keeps of its weights after the first optimizer step.
        final_momentum: What that share reaches along half a cosine once all steps are done: 1 in the paper; the same
            as ``base_momentum`` in S3L, where it is constant.
        **kwargs: Arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`; the head is a
            :class:`sslrecipes.models.heads.prediction_head.PredictionHead` with ``distance='squared'``.

    Source: `Bootstrap Your Own Latent <https://arxiv.org/abs/2006.07733>`_; S3L (arXiv:2103.13559).
    """

    def __init__(self, *, base_momentum: float = 0.99, final_momentum: float = 0.99, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, momentum in (('base_momentum', base_momentum), ('final_momentum', final_momentum)):
            refuse(bad_value(f'model.{name}', momentum, share), f'model.{name}')
        self.base_momentum = base_momentum
        self.final_momentum = final_momentum
        self.teacher = MomentumNetwork(backbone=deepcopy(self.backbone), neck=deepcopy(self.neck))

    @property
    def student(self) -> dict[str, nn.Module]:
        """What the teacher follows."""
        return {'backbone': self.backbone, 'neck': self.neck}

    def start(self) -> None:
        """Let the teacher begin as a copy of the student."""
        self.teacher.copy(**self.student)

    def end_step(self) -> None:
        """Let the teacher follow the student that the step has made."""
        momentum = cosine(self.present.step, self.present.total_steps, self.base_momentum, self.final_momentum)
        self.teacher.update(momentum, **self.student)

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised views ``[g1, g2]``, each ``(B, 3, H, W)``; the joint probe sees g1."""
        features = self.features_apart(inputs)
        embeddings = [self.neck(feature) for feature in features]
        loss = self.head.loss(embeddings, [self._teach(view) for view in inputs])
        return {'loss_byol': loss, **self.probe_loss(features[0], data_samples)}

    @torch.no_grad()
    def _teach(self, view: Tensor) -> Tensor:
        """Embedding ``(B, C)`` of a view by the teacher."""
        backbone, neck = map(self.teacher.get_submodule, ('backbone', 'neck'))
        embedding: Tensor = neck(pooled_output(backbone, view))
        return embedding
