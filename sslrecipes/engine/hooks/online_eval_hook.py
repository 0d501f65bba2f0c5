"""k-NN and linear probe of the backbone during pre-training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from sslrecipes.datasets.class_names import common_classes
from sslrecipes.datasets.seeding import kept_random_states
from sslrecipes.evaluation.features import autocast_dtype, extract_features
from sslrecipes.evaluation.knn import check_ks
from sslrecipes.evaluation.knn_scores import knn_scores
from sslrecipes.evaluation.linear import ProbeSettings, linear_scores
from sslrecipes.models.methods.feature_model import Pool, as_feature_model
from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class OnlineEvalHook(Hook):
    """Every few epochs, and after the last, tell how good the features of the backbone are.

    Logs ``online/knn_top1_k{k}``, ``online/knn_balanced_k{k}`` and, with ``linear``, ``online/linear_top1``,
    ``online/linear_balanced`` and ``online/linear_lr`` (all but the last in %) to the message hub, the visualizer (step
    = epoch) and the log. Training is not disturbed: random states, train/eval flags and the training loader stay as
    they were. Useless in iteration-based runs, which have a single epoch.

    Args:
        train_dataloader: Config of the loader of labelled images: test pipeline, not shuffled.
        val_dataloader: Config of the loader of the images to classify.
        interval: Epochs between two evaluations.
        ks: Numbers of neighbours, or one.
        temperature: Softness of the k-NN vote.
        linear: Options of :class:`sslrecipes.evaluation.linear.ProbeSettings`; ``{}`` takes its defaults, None trains
            no probe. The learning rate is the best of several **on the validation images**.
        pool: How tokens become one vector, see :func:`sslrecipes.models.methods.feature_model.pool_features`.
        amp_dtype: Name of the autocast type of the backbone, such as ``'bfloat16'``; None is full precision.

    Raises:
        ConfigError: If ``linear`` has an unknown option; before training, if a k is larger than the training set, or
            ``pool`` doesn't fit the model.
        DataError: Before training, if the two data sets differ in their classes.
    """

    priority = 'LOW'

    def __init__(
        self,
        train_dataloader: dict[str, Any],
        val_dataloader: dict[str, Any],
        interval: int = 10,
        ks: Sequence[int] | int = (20,),
        temperature: float = 0.07,
        linear: dict[str, Any] | None = None,
        pool: Pool = 'auto',
        amp_dtype: str | None = None,
    ) -> None:
        self.loader_cfgs = (train_dataloader, val_dataloader)
        self.interval = interval
        self.ks = (ks,) if isinstance(ks, int) else tuple(ks)
        self.temperature = temperature
        self.probe = ProbeSettings.of(linear)
        self.pool = pool
        self.extract = partial(extract_features, pool=pool, amp_dtype=autocast_dtype(amp_dtype), watch=iter)
        self.loaders: tuple[DataLoader[Any], ...] = ()

    def before_train(self, runner: Runner) -> None:
        """Build the loaders and check what can be checked."""
        as_feature_model(runner.model, self.pool)
        diff_rank_seed = runner._randomness_cfg.get('diff_rank_seed', False)
        with kept_random_states():
            self.loaders = tuple(
                runner.build_dataloader(cfg, seed=runner.seed, diff_rank_seed=diff_rank_seed)
                for cfg in self.loader_cfgs
            )
        train, val = (loader.dataset for loader in self.loaders)
        common_classes(train, val, ('train_dataloader', 'val_dataloader of OnlineEvalHook'), 'custom_hooks')
        check_ks(self.ks, len(train))  # type: ignore[arg-type]

    def after_train_epoch(self, runner: Runner) -> None:
        """Evaluate, if it is time."""
        epoch = runner.epoch + 1
        if epoch % self.interval and epoch != runner.max_epochs:
            return
        start = time.monotonic()
        with kept_random_states():
            scores = self.evaluate(runner)
        for name, value in scores.items():
            runner.message_hub.update_scalar(name, value)
        runner.visualizer.add_scalars(scores, step=epoch)
        figures = '  '.join(f'{name}: {value:.4g}' for name, value in scores.items())
        runner.logger.info(f'Epoch(online) [{epoch}]  {figures}  seconds: {time.monotonic() - start:.1f}')

    def evaluate(self, runner: Runner) -> dict[str, float]:
        """Extract features and score them; all processes take part."""
        train, val = (self.extract(runner.model, loader) for loader in self.loaders)
        device = next(runner.model.parameters()).device
        classes = int(max(train.y.max(), val.y.max())) + 1  # a part of the images may lack one
        knn = knn_scores(train, val, ks=self.ks, temperature=self.temperature, num_classes=classes, device=device)
        linear = linear_scores(train, val, self.probe, device) if self.probe else {}
        scores = {f'knn_{name}': value for name, value in knn.items()}
        scores |= {f'linear_{name}': value for name, value in linear.items()}
        return {f'online/{name}': value for name, value in scores.items() if '_top5' not in name}
