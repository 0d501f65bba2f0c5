"""Evaluation of frozen features as a validation or test loop."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import nn
from torch.utils.data import DataLoader

from sslrecipes.datasets.class_names import common_classes
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.evaluation.features import BatchProgress, autocast_dtype, extract_features
from sslrecipes.evaluation.knn import EMPTY_BANK, check_ks
from sslrecipes.evaluation.knn_scores import knn_scores
from sslrecipes.evaluation.linear import ProbeSettings, linear_scores
from sslrecipes.evaluation.metrics import warn_of_trivial_top5
from sslrecipes.models.methods.feature_model import Pool
from sslrecipes.registry import LOOPS

T = TypeVar('T')

_SECONDS_BETWEEN_LINES = 10


@LOOPS.register_module()
class KNNLoop(BaseLoop):
    """Classify the validation or test images by their nearest neighbours among the images of a bank.

    For ``val_cfg`` or ``test_cfg``. The model is a ``FeatureModel`` or any model with a backbone, a
    self-supervised method in pre-training included. Reports ``knn/top1_k{k}``, ``knn/top5_k{k}`` and
    ``knn/balanced_k{k}`` in %, and with ``linear`` also ``linear/top1``, ``linear/top5``, ``linear/balanced`` and
    ``linear/lr``. The runner wants an evaluator beside a loop: set it to ``[]``.

    Args:
        runner: The runner.
        dataloader: Loader of the images to classify, or its config.
        bank: Loader of the labelled images, or its config. By default the runner fills in the training images of the
            config, prepared and loaded as those to classify.
        evaluator: Must be empty.
        ks: Numbers of neighbours, or one.
        temperature: Softness of the vote, see :func:`sslrecipes.evaluation.knn.weighted_knn`.
        linear: Options of :class:`sslrecipes.evaluation.linear.ProbeSettings`: train linear probes on the features of
            the bank, too. The learning rate is the best of several **on the classified images**.
        pool: Pooling for a model that is no ``FeatureModel``.
        amp_dtype: Name of the autocast type of the backbone, such as ``'bfloat16'``; None is full precision.
        cache_dir: Folder of cached features; None caches nothing.

    Raises:
        ConfigError: If there is an evaluator, a k is larger than the bank, or an option of ``linear`` is unknown.
        DataError: If the bank is empty, or its classes are others than those of the images to classify.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader[Any] | dict[str, Any],
        bank: DataLoader[Any] | dict[str, Any],
        evaluator: Any = None,
        ks: Sequence[int] | int = (10, 20, 100, 200),
        temperature: float = 0.07,
        linear: dict[str, Any] | None = None,
        pool: Pool = 'auto',
        amp_dtype: str | None = None,
        cache_dir: str | None = None,
    ) -> None:
        if evaluator:
            raise ConfigError('KNNLoop computes its own metrics: set val_evaluator or test_evaluator to [].')
        with _samples_in('The data set to classify is empty: give it labelled images.'):
            super().__init__(runner, dataloader)
        diff_rank_seed = runner._randomness_cfg.get('diff_rank_seed', False)
        with _samples_in(EMPTY_BANK):
            self.bank = runner.build_dataloader(bank, seed=runner.seed, diff_rank_seed=diff_rank_seed)
        self.ks = check_ks(ks, len(self.bank.dataset))
        self.classes = common_classes(
            self.bank.dataset, self.dataloader.dataset, ('k-NN bank', 'images to classify'), 'test_cfg.bank.dataset'
        )
        self.temperature = temperature
        self.probe = ProbeSettings.of(linear)
        self.extract = partial(extract_features, pool=pool, amp_dtype=autocast_dtype(amp_dtype), cache_dir=cache_dir)

    def run(self) -> dict[str, float]:
        """Evaluate; returns the metrics."""
        stage = 'test' if self.runner._test_loop is self else 'val'
        self.runner.call_hook(f'before_{stage}')
        self.runner.call_hook(f'before_{stage}_epoch')
        metrics = self.evaluate(self.runner.model, partial(self._hooked, stage=stage))
        self.runner.call_hook(f'after_{stage}_epoch', metrics=metrics)
        self.runner.call_hook(f'after_{stage}')
        return metrics

    def evaluate(self, model: nn.Module, watch: BatchProgress) -> dict[str, float]:
        """Evaluate the features of any network; every process must call it.

        Args:
            model: As the runner's.
            watch: Makes the iterable of batches of images to classify from their loader.
        """
        queries = self.extract(model, self.dataloader, watch=watch)
        bank = self.extract(model, self.bank, watch=partial(self.logged, what='batches of the bank'))
        warn_of_trivial_top5(len(self.classes or bank.y.unique()), 'top5 of k-NN and of linear probes')
        device = next(model.parameters()).device
        knn = knn_scores(
            bank,
            queries,
            ks=self.ks,
            temperature=self.temperature,
            num_classes=len(self.classes) if self.classes else None,
            device=device,
            watch=partial(self.logged, what='chunks of images classified'),
        )
        epochs = partial(self.logged, what='epochs of the linear probes')
        linear = linear_scores(bank, queries, self.probe, device, epochs) if self.probe else {}
        metrics = {f'knn/{name}': value for name, value in knn.items()}
        return metrics | {f'linear/{name}': value for name, value in linear.items()}

    def _hooked(self, dataloader: DataLoader[Any], stage: str) -> Iterator[Any]:
        """Batches of the images to classify, with the hooks of an iteration around each."""
        for index, batch in enumerate(dataloader):
            self.runner.call_hook(f'before_{stage}_iter', batch_idx=index, data_batch=batch)
            yield batch
            self.runner.call_hook(f'after_{stage}_iter', batch_idx=index, data_batch=batch, outputs=())

    def logged(self, steps: Collection[T], what: str) -> Iterator[T]:
        """The steps, with a log line now and then."""
        start = logged = time.monotonic()
        for done, step in enumerate(steps, 1):
            yield step
            now = time.monotonic()
            if now - logged > _SECONDS_BETWEEN_LINES:
                logged = now
                left = timedelta(seconds=round((now - start) / done * (len(steps) - done)))
                self.runner.logger.info(f'{done} of {len(steps)} {what}, eta {left}')


@contextmanager
def _samples_in(complaint: str) -> Iterator[None]:
    """Say that the data set built inside has no samples, where mmengine fails to put them together."""
    try:
        yield
    except ValueError as error:
        if 'need at least one array' not in str(error):
            raise
        raise DataError(complaint) from error
