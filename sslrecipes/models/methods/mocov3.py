"""MoCo v3."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import share
from sslrecipes.config.rules.sizes import differ
from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.methods.multi_crop_method import pooled_output
from sslrecipes.models.methods.two_view_method import TwoViewMethod
from sslrecipes.models.utils.cosine import cosine
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCoV3(TwoViewMethod):
    """Find the key of an image's other view, made by a slowly following encoder, among those of the whole batch.

    Each view goes through the networks on its own. The momentum encoder is in training mode: its batch norms use batch
    statistics and keep running ones of their own.

    Args:
        base_momentum: Share that the momentum encoder keeps of its weights in the first optimizer step.
        final_momentum: What that share reaches along half a cosine once all steps are done: 1 with the official
            ``--moco-m-cos``; the same as ``base_momentum`` without.
        **kwargs: Arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`; the head is a
            :class:`sslrecipes.models.heads.mocov3_head.MoCoV3Head`.

    Raises:
        ConfigError: For a momentum that isn't from 0 to 1, or a neck that isn't as wide as the predictor.

    Source: `An Empirical Study of Training Self-Supervised Vision Transformers <https://arxiv.org/abs/2104.02057>`_.
    """

    def __init__(self, *, base_momentum: float = 0.99, final_momentum: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, momentum in (('base_momentum', base_momentum), ('final_momentum', final_momentum)):
            refuse(bad_value(f'model.{name}', momentum, share), f'model.{name}')
        predictor, channels = self.head.predictor, self.neck.out_channels
        refuse(differ('model.neck.out_channels', channels, 'model.head.predictor.out_channels', predictor.out_channels))
        self.base_momentum = base_momentum
        self.final_momentum = final_momentum
        self.momentum_encoder = MomentumNetwork(backbone=deepcopy(self.backbone), neck=deepcopy(self.neck))

    def start(self) -> None:
        """Let the momentum encoder begin as a copy of the encoder."""
        self.momentum_encoder.copy(backbone=self.backbone, neck=self.neck)

    def begin_step(self, progress: Progress) -> None:
        """Let the momentum encoder follow the weights that the step starts from."""
        super().begin_step(progress)
        momentum = cosine(progress.step, progress.total_steps, self.base_momentum, self.final_momentum)
        self.momentum_encoder.update(momentum, backbone=self.backbone, neck=self.neck)

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised views ``[g1, g2]``, each ``(B, 3, H, W)``; the joint probe sees g1."""
        features = self.features_apart(inputs)
        embeddings = [self.neck(feature) for feature in features]
        loss = self.head.loss(embeddings, [self._encode_keys(view) for view in inputs])
        return {'loss_mocov3': loss, **self.probe_loss(features[0], data_samples)}

    @torch.no_grad()
    def _encode_keys(self, images: Tensor) -> Tensor:
        """Keys ``(B, C)`` of images ``(B, 3, H, W)``, not normalised."""
        backbone, neck = map(self.momentum_encoder.get_submodule, ('backbone', 'neck'))
        keys: Tensor = neck(pooled_output(backbone, images))
        return keys
