"""Ending a run whose validations get no better."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import EarlyStoppingHook as MMEngineEarlyStoppingHook
from mmengine.runner import Runner

from sslrecipes.registry import HOOKS

STATE = 'early_stopping'
"""Entry of the message hub, and so of every checkpoint: the best score, and validations since then."""


@HOOKS.register_module()
class EarlyStoppingHook(MMEngineEarlyStoppingHook):
    """mmengine's ``EarlyStoppingHook``, which goes on counting after a restart; upstream's begins anew.

    Args are those of ``mmengine.hooks.EarlyStoppingHook``.
    """

    best_score: float
    wait_count: int

    def before_train(self, runner: Runner) -> None:
        """Take over what the run to go on with has counted, and end it if that was enough."""
        self.best_score, self.wait_count = runner.message_hub.get_info(STATE, [self.best_score, self.wait_count])
        runner.train_loop.stop_training = self.wait_count >= self.patience

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        """Decide, and remember what was counted."""
        super().after_val_epoch(runner, metrics)
        runner.message_hub.update_info(STATE, [self.best_score, self.wait_count])
