"""SwAV: online clustering of several views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.sizes import differ
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod, forward_views
from sslrecipes.models.utils.initialization import loads_pretrained, normal_init
from sslrecipes.models.utils.progress import Progress
from sslrecipes.models.utils.target_entropy_log import TargetEntropyLog
from sslrecipes.registry import MODELS


@MODELS.register_module()
class SwAV(TargetEntropyLog, MultiCropMethod):
    """Predict the cluster of each global view from every other view.

    Args:
        freeze_prototypes_epochs: Epochs at the beginning in which the prototypes are not trained.
        **kwargs: Arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`.

    Raises:
        ConfigError: If neck and head disagree on the width of the embedding.

    Source: `Unsupervised Learning of Visual Features by Contrasting Cluster Assignments
    <https://arxiv.org/abs/2006.09882>`_, as trained by SSLight.
    """

    def __init__(self, *, freeze_prototypes_epochs: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.freeze_prototypes_epochs = freeze_prototypes_epochs
        self.head.num_prototypes, channels = self.neck.prototypes.weight.shape
        width = self.head.queue.shape[2]
        refuse(differ('model.neck.out_channels', channels, 'model.head.feat_channels', width), 'model')

    def start(self) -> None:
        """Give the layers of all parts, the probe's too, SwAV's initial weights, unless a part loads its own."""
        for part in (self.backbone, self.neck, self.probe):
            if part is not None and not loads_pretrained(getattr(part, 'init_cfg', None)):
                init_layers(part)

    def begin_step(self, progress: Progress) -> None:
        """Normalise the prototypes.

        A step that isn't taken leaves them normalised, which changes nothing but roundings: the next step would have
        done the same.
        """
        super().begin_step(progress)
        self.neck.normalize_prototypes()

    def withheld_parameters(self) -> Iterable[nn.Parameter]:
        """Return the prototypes in the first epochs."""
        frozen = self.present.epoch < self.freeze_prototypes_epochs
        return self.neck.prototypes.parameters() if frozen else ()

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of V views ``(B, 3, H_v, W_v)``, the first two of them global; the joint probe sees the first."""
        features = forward_views(self.backbone, inputs)
        embedding, scores = self.neck(features)
        loss = self.head.loss(embedding, scores, self.neck.prototypes.weight, len(inputs), self.present.epoch)
        return {'loss_swav': loss, **self.probe_loss(features[: len(inputs[0])], data_samples)}


def init_layers(module: nn.Module) -> None:
    """Give the convolutions, batch norms and linear layers of ``module`` SwAV's initial weights."""
    normal_init(module, std=0.01)
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode='fan_out', nonlinearity='relu')
        elif isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.reset_parameters()
