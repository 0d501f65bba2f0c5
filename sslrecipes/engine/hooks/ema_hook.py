"""Averages of the weights, one update per optimizer step."""

from __future__ import annotations

from typing import Any

from mmengine.runner import Runner
from mmpretrain.engine.hooks import EMAHook as MMPretrainEMAHook

from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class EMAHook(MMPretrainEMAHook):
    """mmpretrain's ``EMAHook``, whose averages move once per optimizer step; upstream's move with each micro-batch.

    Args are those of ``mmpretrain.engine.hooks.EMAHook``, with mmengine's among them. Useless for methods with momentum
    networks of their own.
    """

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Follow the weights after the last micro-batch of a step."""
        if (batch_idx + 1) % runner.accumulative_counts == 0:
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
