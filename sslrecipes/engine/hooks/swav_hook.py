"""The queue of mmpretrain's SwAV, kept where a restart finds it."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_world_size
from mmengine.runner import Runner
from mmpretrain.engine.hooks import SwAVHook as MMPretrainSwAVHook

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS

_NAME = 'queue_rows'


@HOOKS.register_module()
class SwAVHook(MMPretrainSwAVHook):
    """mmpretrain's ``SwAVHook`` for mmpretrain's ``SwAV``, whose queue is a buffer of the loss.

    Upstream writes the queue to ``queue.pth`` at the end of an epoch and takes any file of that name that it finds, so
    that a run that goes on within an epoch, or beside another run's file, has another queue. Here it is in the
    checkpoint, each process's own. Before ``epoch_queue_starts`` it is there, but not used. This package's own ``SwAV``
    needs no hook.

    Args are those of mmpretrain's hook; ``interval`` has no meaning.
    """

    def before_run(self, runner: Runner) -> None:
        """Make room for the queue.

        Raises:
            ConfigError: If the model isn't mmpretrain's SwAV.
        """
        model: Any = unwrapped(runner.model)
        self.loss: Any = getattr(getattr(model, 'head', model), 'loss_module', model)
        if not hasattr(self.loss, 'prototypes'):
            raise ConfigError('SwAVHook needs a model whose head has a SwAVLoss: leave it out of custom_hooks.')
        self.queue_length -= self.queue_length % self.batch_size
        if self.queue_length > 0 and not hasattr(self.loss, _NAME):
            rows = self.queue_length // get_world_size()
            self.loss.register_buffer(_NAME, torch.zeros(len(self.crops_for_assign), rows, self.feat_dim))
            self.loss.to(get_device())

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Begin a new run with an empty queue, whatever weights it begins with."""
        if self.queue_length > 0 and not getattr(runner, 'resume_point', None):
            checkpoint['state_dict'][f'head.loss_module.{_NAME}'] = torch.zeros_like(self.loss.queue_rows)

    def before_train_epoch(self, runner: Runner) -> None:
        """Let the loss use the queue, or not yet."""
        started = self.queue_length > 0 and runner.epoch >= self.epoch_queue_starts
        self.loss.queue = self.loss.queue_rows if started else None
        self.loss.use_queue = False

    def after_train_epoch(self, runner: Runner) -> None:
        """Write nothing: the queue is in the checkpoint."""
