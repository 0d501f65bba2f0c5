"""MoCo v2 with multi-crop."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.dist import get_world_size
from mmpretrain.models.utils import batch_shuffle_ddp, batch_unshuffle_ddp
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.sizes import differ
from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod, forward_views, pooled_output
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCo(MultiCropMethod):
    """Find the key of an image, made of its first view, by all other views.

    Args:
        momentum: Share that the momentum encoder keeps of its weights in each step.
        **kwargs: Arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`.

    Raises:
        ConfigError: If neck and head disagree on the width of the embedding.

    Source: `Improved Baselines with Momentum Contrastive Learning <https://arxiv.org/abs/2003.04297>`_, with several
    query views as trained by SSLight.
    """

    def __init__(self, *, momentum: float = 0.999, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self.momentum_encoder = MomentumNetwork(backbone=deepcopy(self.backbone), neck=deepcopy(self.neck))
        channels, width = self.neck.out_channels, len(self.head.queue)
        refuse(differ('model.neck.out_channels', channels, 'model.head.feat_channels', width), 'model')

    def start(self) -> None:
        """Let the momentum encoder begin as a copy of the encoder."""
        self.momentum_encoder.copy(backbone=self.backbone, neck=self.neck)

    def begin_step(self, progress: Progress) -> None:
        """Let the momentum encoder follow the weights that the step starts from."""
        super().begin_step(progress)
        self.momentum_encoder.update(self.momentum, backbone=self.backbone, neck=self.neck)

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of V views ``(B, 3, H_v, W_v)``, the first two of them global; the joint probe sees the second."""
        batch = len(inputs[0])
        self.head.check_batch(batch)
        features = forward_views(self.backbone, inputs[1:])
        queries = F.normalize(self.neck(features), dim=1)
        loss = self.head.loss(queries, self.encode_keys(inputs[0]))
        return {'loss_moco': loss, **self.probe_loss(features[:batch], data_samples)}

    @torch.no_grad()
    def encode_keys(self, images: Tensor) -> Tensor:
        """Keys ``(B, C)`` of images ``(B, 3, H, W)``.

        Several processes exchange images, so that the statistics of batch norms don't give away which key belongs to
        which query.
        """
        if get_world_size() == 1:
            return self._encode(images)
        shuffled, order = batch_shuffle_ddp(images)
        keys: Tensor = batch_unshuffle_ddp(self._encode(shuffled), order)
        return keys

    def _encode(self, images: Tensor) -> Tensor:
        backbone, neck = map(self.momentum_encoder.get_submodule, ('backbone', 'neck'))
        return F.normalize(neck(pooled_output(backbone, images)), dim=1)
