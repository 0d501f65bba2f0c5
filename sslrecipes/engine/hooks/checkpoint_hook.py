"""When checkpoints are written, and which are kept."""

from __future__ import annotations

import time
from operator import gt, lt
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from sslrecipes.checkpoint.files.store import words_of
from sslrecipes.checkpoint.files.superseded import keep_aside
from sslrecipes.distributed.control import from_main_process
from sslrecipes.engine.loops import SSLTrainLoop
from sslrecipes.engine.optimizers.moments import moments_kept
from sslrecipes.errors import ConfigError, counted
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class CheckpointHook(Hook):
    """Write checkpoints a run can go on from exactly, and delete old ones, never the only good one.

    Takes the place of mmengine's hook, whose main arguments it understands. ``epoch_3.pth`` is written after the third
    epoch, ``epoch_3_iter_1234.pth`` within the fourth, after 1234 micro-batches in all.

    Args:
        interval: Epochs between checkpoints (iterations, if ``by_epoch`` is false); 0 for none.
        by_epoch: Whether ``interval`` counts epochs.
        interval_iters: Iterations between checkpoints within an epoch; 0 for none.
        interval_minutes: Minutes between checkpoints within an epoch; 0 for none.
        max_keep_ckpts: How many of the newest to keep; -1 for all.
        keep_every: Epochs between checkpoints that are kept for good; 0 for none.
        save_last: Write one at the end of training in any case.
        save_best: Metric of the validation whose best checkpoint is kept, too; ``'auto'`` is its first.
        rule: ``'greater'`` or ``'less'``: which value of that metric is better.
        background: Write from a copy in memory while training goes on.

    Raises:
        ConfigError: For a ``rule`` that doesn't exist.
    """

    priority = 'VERY_LOW'

    def __init__(
        self,
        interval: int = 1,
        by_epoch: bool = True,
        interval_iters: int = 0,
        interval_minutes: float = 0,
        max_keep_ckpts: int = -1,
        keep_every: int = 0,
        save_last: bool = True,
        save_best: str | None = None,
        rule: str = 'greater',
        background: bool = False,
    ) -> None:
        if rule not in ('greater', 'less'):
            raise ConfigError(f'CheckpointHook: rule is "greater" or "less", not {rule!r}.')
        self.interval = interval if by_epoch else 0
        self.interval_iters = interval_iters if by_epoch else interval
        self.interval_minutes = interval_minutes
        self.max_keep_ckpts = max_keep_ckpts
        self.keep_every = keep_every
        self.save_last = save_last
        self.save_best = save_best
        self.is_better = gt if rule == 'greater' else lt
        self.background = background

    def before_train(self, runner: Runner) -> None:
        """Check that the first checkpoint can be stored at all.

        Raises:
            ConfigError: If the training loop can't be entered again.
            StorageError: If the checkpoint can't be stored.
        """
        if not isinstance(runner.train_loop, SSLTrainLoop):
            name = type(runner.train_loop).__name__
            raise ConfigError(
                f'CheckpointHook needs train_cfg.type to be "SSLTrainLoop" or "SSLIterTrainLoop", not "{name}".'
            )
        self._last_iter, self._last_time = runner.iter, time.monotonic()
        runner.vote.add('late checkpoint', self._is_late)
        if runner.train_loop.is_done:
            runner.logger.warning(f'The run in "{runner.work_dir}" is finished: nothing is left to be trained.')
            return
        from_main_process(lambda: runner.store.check_space(bytes_of_checkpoint(runner)))
        point = runner.resume_point
        is_own = point is not None and point.is_in(runner.work_dir)
        if not is_own:
            from_main_process(lambda: _set_aside(runner, after=None))
        if point and point.changes:
            from_main_process(lambda: _keep_former(runner))
            runner.save_here()  # the next start goes on under these circumstances, not the former
        if is_own:
            from_main_process(lambda: _set_aside(runner, after=_position(runner)))

    def after_optimizer_step(self, runner: Runner) -> None:
        """Write within an epoch, every so many iterations or minutes."""
        if runner.train_loop.batches_done < len(runner.train_dataloader) and self._is_time(runner):
            self._save(runner)

    def between_epochs(self, runner: Runner) -> None:
        """Write after an epoch."""
        last = self.save_last and runner.epoch == runner.max_epochs
        if self._is_time(runner) or last or (self.interval > 0 and runner.epoch % self.interval == 0):
            self._save(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Keep the checkpoint with the best validation.

        Raises:
            ConfigError: If the validation has no such metric.
        """
        if not self.save_best or not metrics:
            return
        if self.save_best == 'auto':
            self.save_best = next(iter(metrics))
        if self.save_best not in metrics:
            raise ConfigError(f'CheckpointHook: save_best is one of {", ".join(metrics)}, not "{self.save_best}".')
        score, best = metrics[self.save_best], runner.message_hub.get_info('best_score')
        if best is None or best != best or self.is_better(score, best):
            path = self._save(runner)
            runner.message_hub.update_info('best_score', score)
            runner.message_hub.update_info('best_checkpoint', path.name)
            runner.logger.info(f'Best {self.save_best} so far: {score:.4g} in "{path}".')

    def after_train(self, runner: Runner) -> None:
        """Write at the end of a run that ends within an epoch, and wait for the last file."""
        if self.save_last and runner.train_loop.batches_done:
            self._save(runner)
        runner.wait_for_writing()

    def _is_time(self, runner: Runner) -> bool:
        """Tell whether enough iterations or minutes have passed; collective."""
        if 0 < self.interval_iters <= runner.iter - self._last_iter:
            return True
        return bool(self.interval_minutes) and bool(runner.vote.take('late checkpoint'))

    def _is_late(self) -> bool:
        """Tell whether the minutes have passed, by the clock of the main process."""
        minutes = (time.monotonic() - self._last_time) / 60
        return is_main_process() and 0 < self.interval_minutes <= minutes

    def _save(self, runner: Runner) -> Path:
        if not runner.saved_here:
            runner.logger.info(f'Saving a checkpoint after {words_of(runner.epoch, runner.iter)}')
        self._last_iter, self._last_time = runner.iter, time.monotonic()
        path: Path = runner.save_here(background=self.background)
        if is_main_process() and self.max_keep_ckpts > 0:
            best = runner.message_hub.get_info('best_checkpoint')
            runner.store.prune(self.max_keep_ckpts, self.keep_every, keep=[best] if best else [])
        return path


def _position(runner: Runner) -> tuple[int, int]:
    return runner.epoch, runner.iter if runner.train_loop.batches_done else -1


def _set_aside(runner: Runner, after: tuple[int, int] | None) -> None:
    """Rename the checkpoints that aren't of this run, or no longer; see ``CheckpointStore.set_aside``."""
    paths = runner.store.set_aside(after)
    if not paths:
        return
    number = counted(len(paths), 'checkpoint')
    if after is not None:
        what = f'{number} behind the point where this run goes on'
    elif runner.resume_point is None:
        what = f'A new run starts in "{runner.work_dir}": {number} of the earlier one'
    else:
        what = f'The run of "{runner.resume_point.path}" goes on in "{runner.work_dir}": {number} of another one'
    names = ' to '.join(f'"{path}"' for path in (paths[:1] if len(paths) == 1 else (paths[0], paths[-1])))
    runner.logger.warning(f'{what} {"is" if len(paths) == 1 else "are"} set aside as {names}.')


def _keep_former(runner: Runner) -> None:
    """Keep the checkpoint that is about to be written anew under other circumstances."""
    path = runner.here
    if path.exists():
        runner.logger.warning(f'"{path}" is kept as "{keep_aside(path)}".')


def bytes_of_checkpoint(runner: Runner) -> int:
    """Size of a checkpoint: weights, buffers and what the optimizer will keep of the trained parameters."""
    model: nn.Module = unwrapped(runner.model)
    stored = sum(tensor.nbytes for tensor in model.state_dict().values())
    moments = moments_kept(runner.optim_wrapper)
    return stored + moments * sum(param.nbytes for param in model.parameters() if param.requires_grad)
