"""Tell methods where training is."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.queues import torn_batches
from sslrecipes.datasets.seeding import batch_size_of, sampler_of
from sslrecipes.engine.loops import makes_step, progress_of
from sslrecipes.models.utils.progress import Progress
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS


def begin_step(model: Any, optim_wrapper: Any, progress: Progress) -> None:
    """Call ``begin_step`` of a method that has it, and let the step drop the gradients that the method withholds."""
    if hasattr(model, 'begin_step'):
        model.begin_step(progress)
        optim_wrapper.withheld = tuple(model.withheld_parameters())


def end_step(model: Any, optim_wrapper: Any) -> None:
    """Call ``end_step`` of a method that has it, if the step was taken."""
    if hasattr(model, 'begin_step') and getattr(optim_wrapper, 'step_taken', True):
        model.end_step()


def batch_sizes(loader: DataLoader[Any]) -> set[int]:
    """Numbers of images in the batches of an epoch: one, or two if the last batch is shorter and kept."""
    size = batch_size_of(loader)
    left_over = 0 if loader.drop_last else len(sampler_of(loader)) % size
    return {size, left_over} - {0}


def check_queue(model: Any, sizes: set[int], processes: int) -> None:
    """Check that the queue of mmpretrain's MoCo and DenseCL holds whole batches of all processes.

    Raises:
        ConfigError: If it doesn't; they would fail in the midst of the run.
    """
    for size in sizes:
        refuse(torn_batches('model.queue_len', getattr(model, 'queue_len', 0), size, processes), 'model.queue_len')


@HOOKS.register_module()
class StepHook(Hook):
    """Call ``begin_step``, ``withheld_parameters`` and ``end_step`` of methods that have them.

    Before the first micro-batch of each optimizer step the method is given the position in training, and the gradients
    of the parameters that it withholds are dropped before the step. After a step that was taken it may update what
    follows, a teacher for instance. Useless for methods that don't depend on time, and outside ``SSLTrainLoop``.
    """

    priority = 'VERY_HIGH'  # after NonFiniteHook has remembered what the step starts from

    def before_train(self, runner: Runner) -> None:
        """Find out whether the method has them, and let it check the data.

        Raises:
            ConfigError: If the data don't fit the method.
        """
        self.model: Any = unwrapped(runner.model)
        self.needed = hasattr(self.model, 'begin_step')
        loader = runner.train_dataloader
        check_queue(self.model, batch_sizes(loader), runner.world_size)
        check_data: Any = getattr(self.model, 'check_data', None)
        if check_data is not None:
            classes = getattr(loader.dataset, 'metainfo', {}).get('classes')
            check_data(batch_sizes(loader), len(classes) if classes else None, runner.accumulative_counts)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Call ``begin_step`` before the first micro-batch of an optimizer step."""
        if self.needed and batch_idx % runner.accumulative_counts == 0 and makes_step(runner, batch_idx):
            begin_step(self.model, runner.optim_wrapper, progress_of(runner, batch_idx))

    def after_optimizer_step(self, runner: Runner) -> None:
        """Call ``end_step``."""
        end_step(self.model, runner.optim_wrapper)
