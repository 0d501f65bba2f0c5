"""MoCo v2, with two views or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.dist import get_world_size
from mmengine.logging import print_log
from mmpretrain.models.utils import batch_shuffle_ddp, batch_unshuffle_ddp
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import one_of, share
from sslrecipes.config.rules.sizes import differ
from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.losses.view_weights import NUM_GLOBALS
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod, forward_views, pooled_output
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MoCo(MultiCropMethod):
    """Find the key of an image, made of one of its global views, by all other views.

    Args:
        momentum: Share that the momentum encoder keeps of its weights in each step.
        key_view: Which of the two global views is the key: 0 in SSLight, 1 in MoCo's own code and in S3L.
        symmetric: Whether each of the two global views is the key of the other, as SimSiam's authors train MoCo for
            comparison. Both go through the networks on their own, and both keys enter the queue.
        **kwargs: Arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`.

    Raises:
        ConfigError: If neck and head disagree on the width of the embedding, or ``key_view`` isn't 0 or 1.

    Source: `Improved Baselines with Momentum Contrastive Learning <https://arxiv.org/abs/2003.04297>`_, with several
    query views as trained by SSLight, or two views as trained by S3L.
    """

    def __init__(self, *, momentum: float = 0.999, key_view: int = 0, symmetric: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        refuse(bad_value('model.momentum', momentum, share), 'model.momentum')
        refuse(bad_value('model.key_view', key_view, one_of(*range(NUM_GLOBALS))), 'model.key_view')
        self.momentum = momentum
        self.key_view = key_view
        self.symmetric = symmetric
        self.head.keys_per_image = NUM_GLOBALS if symmetric else 1
        self.momentum_encoder = MomentumNetwork(backbone=deepcopy(self.backbone), neck=deepcopy(self.neck))
        channels, width = self.neck.out_channels, len(self.head.queue)
        refuse(differ('model.neck.out_channels', channels, 'model.head.feat_channels', width), 'model')

    def start(self) -> None:
        """Let the momentum encoder begin as a copy of the encoder."""
        self.momentum_encoder.copy(backbone=self.backbone, neck=self.neck)

    def from_earlier_stage(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Weights of an earlier stage of training, with a queue of this model's length.

        The keys are taken over if there are as many; otherwise this model's own queue of random keys stays, and is
        filled anew. The log says which.

        Args:
            state: Weights of a MoCo under our names, or of something else, which then is returned as it is.

        Source: the two stages of S3L, which keep the queue or drop it in the same way.
        """
        queue = state.get('head.queue')
        if queue is None or queue.ndim != 2 or len(queue) != len(self.head.queue):
            return state
        length, own = queue.shape[1], self.head.queue_length
        if length == own:
            print_log(f'The queue of {own} keys is kept, as the earlier stage left it.', logger='current')
            return state
        print_log(f'The queue is dropped: it has {length} keys, this model {own}, which begin at random.', 'current')
        return {**state, 'head.queue': self.head.queue, 'head.queue_ptr': self.head.queue_ptr}

    def begin_step(self, progress: Progress) -> None:
        """Let the momentum encoder follow the weights that the step starts from."""
        super().begin_step(progress)
        self.momentum_encoder.update(self.momentum, backbone=self.backbone, neck=self.neck)

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse views that the loss weights don't fit, and local views if each global one is the key of the other."""
        super().check_views(inputs)
        if self.symmetric and len(inputs) > NUM_GLOBALS:
            raise ConfigError('model.symmetric is for two views: set num_locals=0 of MultiCrop.', 'model.symmetric')

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of V views ``(B, 3, H_v, W_v)``, the first two of them global; the joint probe sees the first query."""
        batch = len(inputs[0])
        self.head.check_batch(batch)
        if self.symmetric:
            features = torch.cat([pooled_output(self.backbone, view) for view in inputs])
            embeddings = torch.cat([self.neck(part) for part in features.split(batch)])
            keys = torch.cat([self.encode_keys(view) for view in reversed(inputs)])
        else:
            features = forward_views(self.backbone, [view for i, view in enumerate(inputs) if i != self.key_view])
            embeddings = self.neck(features)
            keys = self.encode_keys(inputs[self.key_view])
        loss = self.head.loss(F.normalize(embeddings, dim=1), keys)
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
