"""Batch norm's statistics measured under fixed weights, as detectron2 does before it evaluates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from sslrecipes.datasets.seeding import kept_random_states, sampler_of
from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS


def trained_batch_norms(model: nn.Module) -> list[_BatchNorm]:
    """Return the batch norms of ``model`` that use batch statistics now, and keep running ones."""
    layers = (module for module in model.modules() if isinstance(module, _BatchNorm))
    return [layer for layer in layers if layer.training and layer.track_running_stats]


@contextmanager
def measured(layers: Sequence[_BatchNorm]) -> Iterator[None]:
    """Give each layer the mean and variance of everything that passes it within the block, on all processes.

    They are those of the population: every position counts alike, however large its batch. Layers that nothing passed
    keep what they have; the count of training batches stays as it was.
    """
    totals = [torch.zeros(1 + 2 * layer.num_features, dtype=torch.float64) for layer in layers]
    counts = [layer.num_batches_tracked.clone() for layer in layers if layer.num_batches_tracked is not None]
    hooks = [
        layer.register_forward_pre_hook(partial(_add_batch, total)) for layer, total in zip(layers, totals, strict=True)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    for layer, total in zip(layers, totals, strict=True):
        all_reduce(total)
        if total[0]:
            _set_statistics(layer, total)
    tracked = (layer.num_batches_tracked for layer in layers if layer.num_batches_tracked is not None)
    for current, before in zip(tracked, counts, strict=True):
        current.copy_(before)


def _add_batch(total: Tensor, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    """Add a batch (N, C, ...) to ``total``: the number of values per channel, their sums and their squares' sums."""
    values = inputs[0].detach().transpose(0, 1).flatten(1).float()
    var, mean = (moment.to('cpu', torch.float64) for moment in torch.var_mean(values, dim=1, correction=0))
    total += values.shape[1] * torch.cat([mean.new_ones(1), mean, var + mean.square()])


def _set_statistics(layer: _BatchNorm, total: Tensor) -> None:
    assert layer.running_mean is not None
    assert layer.running_var is not None
    mean, square = (total[1:] / total[0]).chunk(2)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_((square - mean.square()).clamp(min=0))


@HOOKS.register_module()
class PreciseBNHook(Hook):
    """Measure batch norm's statistics on training batches under the present weights, just before each validation.

    Running averages mix those of the last steps' weights; a detector's batch of two images shows it. The checkpoint
    that is written after the same step holds the measured ones. (mmpretrain's hook of this name runs a classifier's
    forward pass on the images, in test mode; a detector's heads see their regions in training only.)

    What is measured follows from (seed, step, weights) alone and training isn't disturbed: the loader is another one
    on the same data set, generators are put back, and no gradient is made. So a resumed run has the same statistics.

    Needs ``SSLIterTrainLoop``, whose validations are counted in iterations.

    Args:
        num_batches: Batches per process; less if an epoch has less.

    Raises:
        ConfigError: Before training, if the loop counts its validations in epochs.
    """

    priority = 'LOW'  # before CheckpointHook

    def __init__(self, num_batches: int = 200) -> None:
        self.num_batches = num_batches

    def before_train(self, runner: Runner) -> None:
        """Check the loop."""
        if 'max_iters' not in runner.cfg.train_cfg:
            raise ConfigError('PreciseBNHook needs train_cfg=dict(type="sslrecipes.SSLIterTrainLoop", max_iters=...).')

    def after_optimizer_step(self, runner: Runner) -> None:
        """Measure, if a validation follows."""
        if runner.train_loop.is_validation_due():
            with kept_random_states():
                self.measure(runner)

    @torch.no_grad()
    def measure(self, runner: Runner) -> None:
        """Pass the batches through the model as in training; collective."""
        model: Any = unwrapped(runner.model)
        layers = trained_batch_norms(model)
        with measured(layers), runner.optim_wrapper.optim_context(runner.model):
            for batch in islice(self._loader(runner), self.num_batches):
                model(**model.data_preprocessor(batch, training=True), mode='loss')
        runner.logger.info(f'Statistics of {len(layers)} batch norms measured.')

    @staticmethod
    def _loader(runner: Runner) -> DataLoader[Any]:
        """Build a loader that shares with training the data set alone, in an order of its own."""
        cfg = {**runner.cfg.train_dataloader, 'dataset': runner.train_dataloader.dataset, 'persistent_workers': False}
        diff_rank_seed = runner._randomness_cfg.get('diff_rank_seed', False)
        loader = runner.build_dataloader(cfg, seed=runner.seed, diff_rank_seed=diff_rank_seed)
        sampler_of(loader).set_epoch(runner.iter)
        return loader
