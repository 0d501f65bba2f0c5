"""The predictor's fixed learning rate in mmpretrain's SimSiam."""

from __future__ import annotations

from mmengine.runner import Runner
from mmpretrain.engine.hooks import SimSiamHook as MMPretrainSimSiamHook

from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class SimSiamHook(MMPretrainSimSiamHook):
    """mmpretrain's ``SimSiamHook``, which doesn't take a restart within an epoch for the begin of one.

    Upstream sets the learning rate as each epoch begins. Under a schedule that moves with every iteration, a run that
    is entered within an epoch would get another rate from there on.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Fix the rate as an epoch begins."""
        if not getattr(runner.train_loop, 'batches_done', 0):
            super().before_train_epoch(runner)
