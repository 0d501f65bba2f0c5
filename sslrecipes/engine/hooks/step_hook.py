"""Tell methods where training is."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslrecipes.engine.loops import progress_of
from sslrecipes.engine.restart import unwrapped
from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class StepHook(Hook):
    """Call ``begin_step``, ``withheld_parameters`` and ``end_step`` of methods that have them.

    Before the first micro-batch of each optimizer step the method hears where training is, and the gradients of the
    parameters that it withholds are dropped before the step. After a step that was taken it may follow up, with a
    teacher for instance. Useless for methods that don't depend on time, and outside ``SSLTrainLoop``.
    """

    priority = 'VERY_HIGH'  # after NonFiniteHook has remembered what the step starts from

    def before_train(self, runner: Runner) -> None:
        """Look whether the method has such needs."""
        self.model: Any = unwrapped(runner.model)
        self.needed = hasattr(self.model, 'begin_step')

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Announce an optimizer step."""
        if not self.needed or batch_idx % runner.accumulative_counts:
            return
        progress = progress_of(runner, batch_idx)
        if progress.step == (runner.epoch + 1) * progress.steps_per_epoch:  # left-over micro-batches make no step
            return
        self.model.begin_step(progress)
        runner.optim_wrapper.withheld = tuple(self.model.withheld_parameters())

    def after_optimizer_step(self, runner: Runner) -> None:
        """Let the method follow up."""
        if self.needed and runner.optim_wrapper.step_taken:
            self.model.end_step()
