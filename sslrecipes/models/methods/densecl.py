"""DenseCL: contrastive learning of images and of their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmpretrain.models.utils import batch_shuffle_ddp, batch_unshuffle_ddp
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.errors import ConfigError
from sslrecipes.models.losses.view_weights import NUM_GLOBALS
from sslrecipes.models.methods.moco import MoCo
from sslrecipes.models.necks.densecl_neck import DenseEmbeddings
from sslrecipes.registry import MODELS


@MODELS.register_module()
class DenseCL(MoCo):
    """Find the key of an image as MoCo does, and that of each place of its map, among those that look like it.

    The arguments are those of :class:`sslrecipes.models.methods.moco.MoCo` for two views, the neck a
    :class:`sslrecipes.models.necks.densecl_neck.DenseCLNeck`, the head a
    :class:`sslrecipes.models.heads.densecl_head.DenseCLHead`.

    Source: `Dense Contrastive Learning for Self-Supervised Visual Pre-Training <https://arxiv.org/abs/2011.09157>`_.
    """

    def __init__(self, *, key_view: int = 1, **kwargs: Any) -> None:
        super().__init__(key_view=key_view, **kwargs)

    def from_earlier_stage(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Weights of an earlier stage, with both queues of this model's length, see :meth:`MoCo.from_earlier_stage`."""
        taken = super().from_earlier_stage(state)
        dropped = taken is not state and 'head.queue2' in state
        return {**taken, 'head.queue2': self.head.queue2} if dropped else taken

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse what isn't two views, and keys in both directions.

        Raises:
            ConfigError: If so.
        """
        super().check_views(inputs)
        if self.symmetric or len(inputs) != NUM_GLOBALS:
            raise ConfigError(
                'DenseCL compares one view of an image with one other: leave out model.symmetric, and set num_locals=0 '
                'of MultiCrop.'
            )

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of two views ``(B, 3, H, W)`` of equal size; the joint probe sees the query."""
        self.head.check_batch(len(inputs[0]))
        features = self.backbone(inputs[1 - self.key_view])[-1]
        keys, key_map = self._encode_places(inputs[self.key_view])
        losses = self.head.dense_loss(self.neck(features), keys, features.detach().flatten(2), key_map)
        return {**losses, **self.probe_loss(features.mean(dim=(2, 3)), data_samples)}

    @torch.no_grad()
    def _encode_places(self, images: Tensor) -> tuple[DenseEmbeddings, Tensor]:
        """Keys of images and places, and the map ``(B, D, P)``; processes exchange images as in :class:`MoCo`."""
        backbone, neck = map(self.momentum_encoder.get_submodule, ('backbone', 'neck'))
        shuffle = get_world_size() > 1
        if shuffle:
            images, order = batch_shuffle_ddp(images)
        features = backbone(images)[-1]
        parts = (*neck(features), features.flatten(2))
        if shuffle:
            parts = tuple(batch_unshuffle_ddp(part, order) for part in parts)
        return DenseEmbeddings(*parts[:-1]), parts[-1]
