"""Training loop."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from mmengine.runner import EpochBasedTrainLoop
from torch import nn

from sslrecipes.datasets.seeding import EpochIndexSampler, StreamIndexSampler, batch_size_of, sampler_of, skip_batches
from sslrecipes.engine.optimizers.optim_wrappers import OptimWrapper
from sslrecipes.engine.restart.state import shorten_histories
from sslrecipes.errors import ConfigError, RunError, counted
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import LOOPS


def seed_generators(seed: int, step: int) -> None:
    """Seed Python's, numpy's and torch's generators (on every device) for a step."""
    words = np.random.SeedSequence([seed, step]).generate_state(3)
    random.seed(int(words[0]))
    np.random.seed(words[1])
    torch.manual_seed(int(words[2]))


def progress_of(runner: Any, batch_idx: int) -> Progress:
    """Position of the optimizer step that micro-batch ``batch_idx`` of the present epoch begins."""
    counts = runner.accumulative_counts
    steps_per_epoch = len(runner.train_dataloader) // counts
    return Progress(runner.epoch * steps_per_epoch + batch_idx // counts, steps_per_epoch, runner.max_epochs, counts)


def makes_step(runner: Any, batch_idx: int) -> bool:
    """Tell whether micro-batch ``batch_idx`` of the present epoch belongs to an optimizer step.

    What is left over at the end of an epoch, or of a run that is counted in iterations, is too few for one.
    """
    counts = runner.accumulative_counts
    begun = runner.epoch * len(runner.train_dataloader)
    return bool(batch_idx - batch_idx % counts + counts <= min(len(runner.train_dataloader), runner.max_iters - begun))


@LOOPS.register_module()
class SSLTrainLoop(EpochBasedTrainLoop):
    """mmengine's epoch loop, which can be left and entered again between any two optimizer steps.

    Whatever masks and drop-path draw follows from (the rank's seed, the step) alone, samples from (seed, epoch, index):
    no generator has a history, so a resumed run goes on exactly as it would have. An epoch entered in its midst begins
    after the images that were seen, and an epoch whose validation may have been missed is validated again.

    Gradient accumulation starts anew with each epoch. Micro-batches left over at its end are read and counted, but the
    model doesn't see them, as if they were images that ``drop_last`` leaves out: hooks get empty ``outputs``.

    Two more hook points, at which ``runner.epoch`` and ``runner.iter`` count what has been done:
    ``after_optimizer_step(runner)`` and ``between_epochs(runner)``.

    Args are those of ``mmengine.runner.EpochBasedTrainLoop`` (``max_epochs``, ``val_interval``, ...).

    Raises:
        ConfigError: If an epoch has no batch, fewer micro-batches than one optimizer step needs, or no end.
    """

    def __init__(self, runner: Any, dataloader: Any, max_epochs: int, **kwargs: Any) -> None:
        super().__init__(runner, dataloader, max_epochs, **kwargs)
        sampler = sampler_of(self.dataloader)
        if not isinstance(sampler, EpochIndexSampler) or isinstance(sampler, StreamIndexSampler):
            raise ConfigError(
                f'{type(self).__name__} needs a train_dataloader.sampler whose epochs end, such as "DefaultSampler".'
            )
        needed = runner.accumulative_counts
        batches = counted(len(self.dataloader), 'batch')
        if len(self.dataloader) < needed:
            raise ConfigError(
                f'An epoch has {batches} of {batch_size_of(self.dataloader)} from '
                f'{counted(len(self.dataloader.dataset), "image")}, an optimizer step needs {needed}: lower the batch '
                f'size or accumulative_counts.'
            )
        if left := len(self.dataloader) % needed:
            runner.logger.info(
                f'Each epoch leaves out {left} of its {batches}, too few for an optimizer step of {needed}.'
            )

    @property
    def batches_done(self) -> int:
        """Micro-batches done of the epoch that has begun; 0 between epochs."""
        return int(self._iter - self._epoch * len(self.dataloader))

    @property
    def is_done(self) -> bool:
        """Whether all epochs are over."""
        return int(self._epoch) >= self._max_epochs

    def enter(self, epoch: int, iteration: int) -> None:
        """Go on after ``epoch`` whole epochs and ``iteration`` micro-batches in all."""
        self._epoch, self._iter = epoch, iteration

    def run(self) -> nn.Module:
        """Train."""
        self.runner.call_hook('before_train')
        if self._iter:
            self._validate_if_due()
        while not self.is_done and not self.stop_training:
            self.run_epoch()
            self._validate_if_due()
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self) -> None:
        """Iterate over what is left of one epoch."""
        start = self.batches_done
        if isinstance(self.runner.optim_wrapper, OptimWrapper):
            self.runner.optim_wrapper.begin_epoch()
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        skip_batches(self.dataloader, start)
        for index, batch in enumerate(islice(self.dataloader, self._max_iters - self._iter), start):
            self.run_iter(index, batch)
            if self.stop_training:  # by a validation within the epoch
                return
        if self.batches_done == len(self.dataloader):
            self._end_epoch()
        elif not self.is_done:
            raise RunError(f'The training loader ended after {self.batches_done} of {len(self.dataloader)} batches.')

    def _end_epoch(self) -> None:
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
        shorten_histories(self.runner.message_hub)
        self.runner.call_hook('between_epochs')

    def run_iter(self, idx: int, data_batch: Sequence[dict[str, Any]]) -> None:
        """Iterate over one micro-batch."""
        if not makes_step(self.runner, idx):
            self._leave_out(idx, data_batch)
            return
        seed_generators(self.runner.seed, self._iter)
        super().run_iter(idx, data_batch)
        if (idx + 1) % self.runner.accumulative_counts == 0:
            self.runner.call_hook('after_optimizer_step')

    def _leave_out(self, idx: int, data_batch: Sequence[dict[str, Any]]) -> None:
        """Count a micro-batch that makes no optimizer step."""
        self.runner.call_hook('before_train_iter', batch_idx=idx, data_batch=data_batch)
        self.runner.call_hook('after_train_iter', batch_idx=idx, data_batch=data_batch, outputs={})
        self._iter += 1

    def _validate_if_due(self) -> None:
        done = self.runner.message_hub.get_info('last_validation') == self._iter
        if self.runner.val_loop is not None and not done and self.is_validation_due():
            self.runner.val_loop.run()
            self.runner.message_hub.update_info('last_validation', self._iter)

    def is_validation_due(self) -> bool:
        """Tell whether the present position is validated."""
        self._decide_current_val_interval()
        due = self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs
        return not self.batches_done and self._epoch >= self.val_begin and due


@LOOPS.register_module()
class SSLIterTrainLoop(SSLTrainLoop):
    """A :class:`SSLTrainLoop` whose length and validations are counted in iterations, as detectors' recipes do.

    There are epochs still: in each, every image is seen once. A validation that falls within an accumulated step waits
    for its end.

    Args:
        runner: The runner.
        dataloader: Loader of the training data, or its config.
        max_iters: Iterations (micro-batches) of the run.
        val_interval: Iterations between validations; one more follows the last iteration.
        val_begin: First iteration that may be validated.

    Raises:
        ConfigError: As :class:`SSLTrainLoop`.
    """

    def __init__(
        self, runner: Any, dataloader: Any, max_iters: int, val_interval: int = 1000, val_begin: int = 1
    ) -> None:
        super().__init__(runner, dataloader, max_epochs=1, val_begin=val_begin, val_interval=val_interval)
        self._max_iters = max_iters
        self._max_epochs = -(-max_iters // len(self.dataloader))

    @property
    def is_done(self) -> bool:
        """Whether all iterations are over."""
        return int(self._iter) >= self._max_iters

    def run_iter(self, idx: int, data_batch: Sequence[dict[str, Any]]) -> None:
        """Iterate over one micro-batch, and validate if it is time."""
        super().run_iter(idx, data_batch)
        if not self.is_done and self.batches_done < len(self.dataloader):
            self._validate_if_due()
            self.runner.model.train()

    def is_validation_due(self) -> bool:
        """Tell whether the present position is validated: the first one between two optimizer steps that is due."""
        counts, length = self.runner.accumulative_counts, len(self.dataloader)
        done = self.batches_done or length
        if done % counts:  # within a step
            return self.is_done
        last = self._iter - counts - (length % counts if done == counts and self._iter > counts else 0)
        passed = self._iter // self.val_interval > last // self.val_interval
        return self._iter >= self.val_begin and (passed or self.is_done)
