"""DINO: self-distillation with no labels, on views of several sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import share
from sslrecipes.config.rules.sizes import differ
from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.losses.view_weights import NUM_GLOBALS
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod, forward_views
from sslrecipes.models.utils.cosine import cosine
from sslrecipes.models.utils.target_entropy_log import TargetEntropyLog
from sslrecipes.registry import MODELS


@MODELS.register_module()
class DINO(TargetEntropyLog, MultiCropMethod):
    """The student sees all views, its teacher the global ones; the teacher follows the student.

    The teacher has no stochastic depth and no gradient. It is in training mode: its batch norms use batch statistics
    and keep running ones of their own.

    Args:
        backbone: Config of the backbone.
        neck: Config of :class:`sslrecipes.models.necks.dino_neck.DINONeck`.
        head: Config of :class:`sslrecipes.models.heads.dino_head.DINOHead`.
        base_momentum: The teacher's momentum at the first step; it rises along half a cosine towards 1.
        freeze_last_layer_epochs: Epochs during which the last layer of the neck is not trained.
        **kwargs: Further arguments of :class:`MultiCropMethod`.

    Raises:
        ConfigError: If neck and head disagree on the number of outputs.

    Source: DINO (https://arxiv.org/abs/2104.14294); SSLight (https://arxiv.org/abs/2210.02808).
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any],
        head: dict[str, Any],
        base_momentum: float = 0.996,
        freeze_last_layer_epochs: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(backbone, neck, head, **kwargs)
        refuse(bad_value('model.base_momentum', base_momentum, share), 'model.base_momentum')
        self.base_momentum = base_momentum
        self.freeze_last_layer_epochs = freeze_last_layer_epochs
        still = {'drop_path_rate': 0.0} if 'drop_path_rate' in backbone else {}
        self.teacher = MomentumNetwork(backbone=MODELS.build({**backbone, **still}), neck=MODELS.build(neck))
        outputs, classes = self.neck.last_layer.weight_v.shape[0], self.head.center.shape[1]
        refuse(differ('model.neck.out_channels', outputs, 'model.head.out_channels', classes), 'model')

    @property
    def student(self) -> dict[str, nn.Module]:
        """What the teacher follows."""
        return {'backbone': self.backbone, 'neck': self.neck}

    def start(self) -> None:
        """Let the teacher begin as a copy of the student."""
        self.teacher.copy(**self.student)

    def withheld_parameters(self) -> Iterable[nn.Parameter]:
        """The last layer during the first epochs."""
        frozen = self.present.epoch < self.freeze_last_layer_epochs
        return self.neck.last_layer.parameters() if frozen else ()

    def end_step(self) -> None:
        """Let the teacher follow the student that the step has made."""
        momentum = cosine(self.present.step, self.present.total_steps, self.base_momentum, 1.0)
        self.teacher.update(momentum, **self.student)

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of normalised views ``[g1, g2, l1 ...]``, each ``(B, 3, H, W)``; the joint probe sees g1."""
        features = forward_views(self.backbone, inputs)
        loss = self.head.loss(self.neck(features), self._teach(inputs[:NUM_GLOBALS]), len(inputs), self.present.epoch)
        return {'loss_dino': loss, **self.probe_loss(features[: len(inputs[0])], data_samples)}

    @torch.no_grad()
    def _teach(self, views: Sequence[Tensor]) -> Tensor:
        """Outputs ``(2 * B, K)`` of the teacher."""
        outputs: Tensor = self.teacher.get_submodule('neck')(
            forward_views(self.teacher.get_submodule('backbone'), views)
        )
        return outputs
