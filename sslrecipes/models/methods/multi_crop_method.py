"""What methods with several views of different sizes have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import torch
from mmpretrain.models import BaseSelfSupervisor
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslrecipes.errors import ConfigError, counted
from sslrecipes.models.losses.view_weights import NUM_GLOBALS
from sslrecipes.models.methods.feature_model import pool_features
from sslrecipes.models.utils.initialization import loads_pretrained
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS


def forward_views(backbone: nn.Module, views: Sequence[Tensor]) -> Tensor:
    """Pooled features of all views.

    Consecutive views of equal size go through the backbone together, so that batch norms see them as one batch.

    Args:
        backbone: Backbone whose last output is a feature map ``(N, C, H, W)`` or vectors ``(N, C)``.
        views: V tensors ``(B, 3, H_v, W_v)``.

    Returns:
        ``(V * B, C)``, the rows of a view together, views in their order.
    """
    batches = (torch.cat(list(group)) for _, group in groupby(views, key=lambda view: view.shape[2:]))
    return torch.cat([pooled_output(backbone, batch) for batch in batches])


def pooled_output(backbone: nn.Module, images: Tensor) -> Tensor:
    """Features ``(N, C)`` of images ``(N, 3, H, W)``."""
    outputs = backbone(images)
    return pool_features(outputs[-1], 'auto', getattr(backbone, 'num_extra_tokens', 0))


class MultiCropMethod(BaseSelfSupervisor):
    """Method on views ``[g1, g2, l1 ... lL]``, with a joint linear probe if asked for.

    Subclasses give :meth:`loss`. While training, :meth:`begin_step` and :meth:`end_step` are called around each
    optimizer step (``StepHook``), whatever the number of micro-batches in between.

    Args:
        backbone: Config of the backbone.
        neck: Config of the projection; None for a method without.
        head: Config of the loss.
        probe: Options of :class:`sslrecipes.models.heads.joint_probe.JointProbe`; None for none.
        data_preprocessor: Normalisation; 'SelfSupDataPreprocessor' by default.
        init_cfg: Initialisation.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any] | None,
        head: dict[str, Any],
        probe: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | nn.Module | None = None,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(backbone, neck, head, data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.probe = MODELS.build({'type': 'JointProbe', **probe}) if probe else None
        self.progress: Progress | None = None

    def init_weights(self) -> None:
        """Initialise the parts and :meth:`start`, unless that was done or the weights of the whole model are loaded."""
        first = not self.is_init
        super().init_weights()
        if first and not loads_pretrained(self.init_cfg):
            self.start()

    def start(self) -> None:
        """Give parts other weights than their own initialisation, before training."""

    def begin_step(self, progress: Progress) -> None:
        """Get ready for an optimizer step."""
        self.progress = progress
        self._expect(progress.micro_batches)

    def end_step(self) -> None:
        """Do what follows an optimizer step that was taken."""

    def withheld_parameters(self) -> Iterable[nn.Parameter]:
        """Parameters that the present step leaves alone: their gradients are dropped."""
        return ()

    @property
    def present(self) -> Progress:
        """Where training is.

        Raises:
            ConfigError: If nobody said.
        """
        if self.progress is None:
            raise ConfigError(f'{type(self).__name__} must be told where training is: keep default_hooks.step.')
        return self.progress

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse what isn't ``[g1, g2, l1 ... lL]`` with as many views as the loss weights fit.

        Raises:
            ConfigError: If so.
        """
        views = [inputs] if isinstance(inputs, Tensor) else inputs
        self.head.weights.check(len(views))
        sizes = [tuple(view.shape[2:]) for view in views[:NUM_GLOBALS]]
        if len(set(sizes)) > 1:
            raise ConfigError(f'The first {NUM_GLOBALS} views are the global ones, of one size; these are {sizes}.')

    def check_data(self, batch_sizes: set[int], num_classes: int | None, micro_batches: int = 1) -> None:
        """Refuse data that would end the training later.

        Args:
            batch_sizes: Numbers of images per process that micro-batches may have.
            num_classes: Classes of the training data; None if it doesn't say.
            micro_batches: Micro-batches of an optimizer step.

        Raises:
            ConfigError: If the joint probe has fewer classes, a queue can't hold such batches, or a batch norm has no
                statistics of them.
        """
        if self.probe is not None and num_classes is not None and num_classes > self.probe.out_features:
            raise ConfigError(
                f'The joint probe has {counted(self.probe.out_features, "class")}, the data has {num_classes}: set '
                f'model.probe.num_classes={num_classes}.'
            )
        self._expect(micro_batches)
        if hasattr(self.head, 'check_batches'):
            self.head.check_batches(batch_sizes)
        norms = [name for name, part in self.named_modules() if isinstance(part, nn.BatchNorm1d)]
        if norms and min(batch_sizes) == 1:
            raise ConfigError(
                f'The batch norm {norms[0]} needs two images per process and micro-batch, but there are batches of '
                'one: change train_dataloader.batch_size, set drop_last=True if it is the last one, or '
                "sync_bn='torch' over several processes."
            )

    def _expect(self, micro_batches: int) -> None:
        """Tell a head whose statistics move once per optimizer step how many micro-batches there are to come."""
        if hasattr(self.head, 'micro_batches'):
            self.head.micro_batches.expect(micro_batches)

    def probe_loss(self, features: Tensor, data_samples: list[DataSample] | None) -> dict[str, Tensor]:
        """Loss and accuracy of the joint probe on features ``(B, C)`` of one view; empty without probe."""
        return self.probe.loss(features, data_samples) if self.probe is not None else {}

    def extract_feat(self, inputs: Tensor) -> Tensor:
        """Features ``(B, C)`` of images ``(B, 3, H, W)``."""
        return pooled_output(self.backbone, inputs)

    def forward(self, inputs: Any, data_samples: list[DataSample] | None = None, mode: str = 'tensor') -> Any:
        """Run the method.

        Args:
            inputs: Views for 'loss', one tensor ``(B, 3, H, W)`` otherwise.
            data_samples: Labels for the joint probe; the samples to fill for 'predict'.
            mode: 'loss', 'tensor' (features) or 'predict' (the joint probe's classes).

        Raises:
            ConfigError: For views that the loss weights don't fit or whose first two differ in size; for 'predict'
                without probe.
        """
        if mode == 'loss':
            self.check_views(inputs)
        if mode != 'predict':
            return super().forward(inputs, data_samples, mode)
        if self.probe is None:
            raise ConfigError('There is no joint probe to predict classes: set model.probe, or leave validation out.')
        return self.probe.predict(self.extract_feat(inputs), data_samples)
