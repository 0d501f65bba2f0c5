"""A linear probe trained beside any method."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from sslrecipes.datasets.class_names import common_classes
from sslrecipes.datasets.seeding import kept_random_states
from sslrecipes.errors import ConfigError, DataError, counted
from sslrecipes.evaluation.features import extract_features
from sslrecipes.evaluation.metrics import classification_scores, warn_of_trivial_top5
from sslrecipes.evaluation.observation import BackboneTap
from sslrecipes.models.heads.joint_probe import labels_of
from sslrecipes.models.heads.online_probe import OnlineProbe
from sslrecipes.models.methods.feature_model import Pool, as_feature_model
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS

#: Where the probe is in a model, and in its checkpoints.
NAME = 'online_probe'


@HOOKS.register_module()
class OnlineProbeHook(Hook):
    """Train a linear classifier beside a method, on the features of its backbone, and tell how good it is.

    The method doesn't notice: no gradient reaches it, its optimizer doesn't see the probe, no generator is used. The
    probe takes a step after each optimizer step, on the features that the method's own forward pass made: of the first
    view if there are several, and of the visible patches if images are masked (whole images are harder for such a probe
    than for one that was trained on them). It is part of checkpoints (``online_probe.*``), so runs go on exactly.

    Logs ``probe_top1`` (%, training images, before the step) beside the loss, and with ``val_dataloader`` after each
    epoch ``online/probe_top1``, ``online/probe_top5`` and ``online/probe_balanced``.

    Args:
        num_classes: Number of classes K; by default the training set says.
        in_channels: Width C of the features; by default ``embed_dims`` or ``feat_dim`` of the backbone.
        lr: Learning rate, times C: features are standardised, see :class:`OnlineProbe`.
        momentum: Momentum of the SGD.
        pool: How tokens become one vector, see :func:`sslrecipes.models.methods.feature_model.pool_features`.
        val_dataloader: Config of the loader of the images to classify: test pipeline, not shuffled.

    Raises:
        ConfigError: If the model has no backbone or a joint probe of its own, K or C can't be told or isn't so, or
            ``pool`` doesn't fit the model.
        DataError: If the two data sets differ in their classes; while training, if an image has no label, or one that
            isn't below K.

    Source: SSLight (``classifier`` in all of its published recipes), made independent of the method.
    """

    priority = 'LOW'  # before CheckpointHook stores what the step made

    def __init__(
        self,
        num_classes: int | None = None,
        in_channels: int | None = None,
        lr: float = 1.0,
        momentum: float = 0.9,
        pool: Pool = 'auto',
        val_dataloader: dict[str, Any] | None = None,
    ) -> None:
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.lr = lr
        self.momentum = momentum
        self.pool = pool
        self.val_dataloader = val_dataloader

    def before_run(self, runner: Runner) -> None:
        """Attach the probe before a checkpoint that holds it is resumed."""
        if runner.resume_point:
            self._attach(runner)

    def before_train(self, runner: Runner) -> None:
        """Attach the probe, after weights that know nothing of it were loaded, and build the loader."""
        self._attach(runner)
        self.tap = BackboneTap(unwrapped(runner.model).get_submodule('backbone'), self.pool)
        self.loader = None
        if self.val_dataloader is not None:
            differ = runner._randomness_cfg.get('diff_rank_seed', False)
            with kept_random_states():
                self.loader = runner.build_dataloader(self.val_dataloader, seed=runner.seed, diff_rank_seed=differ)
            kinds = 'train_dataloader', 'val_dataloader of OnlineProbeHook'
            common_classes(runner.train_dataloader.dataset, self.loader.dataset, kinds, 'custom_hooks')

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Register the tap on the backbone for this micro-batch."""
        if batch_idx % runner.accumulative_counts == 0:
            self.seen: list[tuple[Tensor, Tensor]] = []
        self.labels = self._labels(data_batch)
        self.tap.open()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Remove the tap, and keep the features of the micro-batch if the model has seen it."""
        self.tap.close()
        for features in self.tap.features[:1]:
            self.seen.append((features[: len(self.labels)], self.labels.to(features.device)))

    def after_optimizer_step(self, runner: Runner) -> None:
        """Take a step, if the method took one."""
        if not runner.optim_wrapper.step_taken:
            return
        features, labels = (torch.cat(parts) for parts in zip(*self.seen, strict=True))
        width = self.probe.weight.shape[1] - 1
        if features.shape[1] != width:
            raise ConfigError(f'OnlineProbeHook: in_channels is {features.shape[1]}, not {width}.')
        accuracy = self.probe.step(features, labels, self.lr, self.momentum)
        runner.message_hub.update_scalar('train/probe_top1', accuracy)

    def after_train_epoch(self, runner: Runner) -> None:
        """Classify the validation images."""
        if self.loader is None:
            return
        with kept_random_states():
            features = extract_features(runner.model, self.loader, pool=self.pool, watch=iter)
        logits = self.probe(features.x.to(self.probe.weight)).cpu()
        warn_of_trivial_top5(logits.shape[1], 'online/probe_top5')
        predictions = logits.topk(min(5, logits.shape[1]), dim=1).indices
        scores = {
            f'online/probe_{name}': value for name, value in classification_scores(predictions, features.y).items()
        }
        runner.message_hub.update_scalars(scores)
        runner.visualizer.add_scalars(scores, step=runner.epoch + 1)
        figures = '  '.join(f'{name}: {value:.4g}' for name, value in scores.items())
        runner.logger.info(f'Epoch(online) [{runner.epoch + 1}]  {figures}')

    def _attach(self, runner: Runner) -> None:
        model = unwrapped(runner.model)
        if not hasattr(model, NAME):
            if getattr(model, 'probe', None) is not None:
                raise ConfigError(
                    f'{type(model).__name__} has a joint probe: leave out OnlineProbeHook or model.probe.'
                )
            probe = OnlineProbe(self._width(as_feature_model(model, self.pool).backbone), self._classes(runner))
            model.add_module(NAME, probe.to(next(model.parameters()).device))
        self.probe: Any = model.get_submodule(NAME)

    def _width(self, backbone: Any) -> int:
        width = self.in_channels or getattr(backbone, 'embed_dims', None) or getattr(backbone, 'feat_dim', None)
        if not isinstance(width, int):
            raise ConfigError(f'OnlineProbeHook needs in_channels: {type(backbone).__name__} does not tell its width.')
        return width

    def _classes(self, runner: Runner) -> int:
        metainfo = getattr(runner.train_dataloader.dataset, 'metainfo', None) or {}
        told = len(metainfo.get('classes') or ())
        known = self.num_classes or told
        if 0 < told < known:  # with fewer, an image tells
            raise ConfigError(
                f'OnlineProbeHook: num_classes is {known}, but train_dataloader has {counted(told, "class")}.'
            )
        if not known:
            raise ConfigError('OnlineProbeHook needs num_classes: the training set does not tell its classes.')
        return known

    def _labels(self, data_batch: Any) -> Tensor:
        """Labels ``(B,)`` of a batch."""
        labels = labels_of(data_batch.get('data_samples'))
        known = len(self.probe.weight)
        wrong = labels[(labels < 0) | (labels >= known)]
        if len(wrong):
            raise DataError(
                f'OnlineProbeHook knows {counted(known, "class")}, but an image has gt_label {int(wrong[0])}.'
            )
        return labels
