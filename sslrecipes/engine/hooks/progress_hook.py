"""The progress line of a terminal, and the throughput scalars of every run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook, IterTimerHook, RuntimeInfoHook
from mmengine.logging import MessageHub
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import Tensor

from sslrecipes.registry import HOOKS
from sslrecipes.visualization.progress_line import ProgressLine, terminal_console

_WINDOW = 10  # iterations; as the default of mmengine's LogProcessor


@HOOKS.register_module()
class ProgressHook(Hook):
    """Show one progress line and log the throughput.

    The line (epoch, iterations, loss, lr, images/s, share of waiting for data, time left) appears on rank 0 and only if
    stderr is a terminal outside CI; its figures are those that mmengine's default ``RuntimeInfoHook`` and
    ``IterTimerHook`` put into the message hub, and it causes no device synchronisation of its own. Where one of these
    hooks is left out, its figures are, too.

    The scalars ``images_per_second`` (all ranks) and ``data_share`` (fraction of the time in which the model waited for
    data, 0–1), means over the last 10 iterations, are written in any case, so that ``LoggerHook`` puts them into the
    log, JSON and TensorBoard; but not without ``IterTimerHook``.
    """

    priority = 55  # after IterTimerHook (50) has timed the iteration, before LoggerHook (60) writes

    def __init__(self) -> None:
        self._line: ProgressLine | None = None
        self._iterations: deque[tuple[int, float, float]] = deque(maxlen=_WINDOW)  # images, seconds, seconds of waiting
        self._knows_times = self._knows_losses = True  # a hub that was resumed may hold old ones

    def before_train(self, runner: Runner) -> None:
        """Start the progress line."""
        self._open(runner)
        if not self._knows_times:
            runner.logger.info('Without IterTimerHook, throughput and time left are neither shown nor logged.')

    def before_val(self, runner: Runner) -> None:
        """Start the progress line, unless training already has."""
        self._open(runner)

    def before_test(self, runner: Runner) -> None:
        """Start the progress line."""
        self._open(runner)

    def after_run(self, runner: Runner) -> None:
        """Leave the last line on the terminal."""
        if self._line:
            self._line.stop()
            self._line = None

    def after_abort(self, runner: Runner) -> None:
        """Leave the line before the error is printed."""
        self.after_run(runner)

    def _open(self, runner: Runner) -> None:
        self._knows_times = any(isinstance(hook, IterTimerHook) for hook in runner.hooks)
        self._knows_losses = any(isinstance(hook, RuntimeInfoHook) for hook in runner.hooks)
        console = terminal_console() if self._line is None and is_main_process() else None
        if console:
            self._line = ProgressLine(console, runner.logger)
            self._line.start()

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin the epoch's bar (in an iteration-based run: the only one)."""
        if self._line:
            self._line.begin('train', *_train_stretch(runner))

    def before_val_epoch(self, runner: Runner) -> None:
        """Begin a bar for the validation."""
        if self._line:
            self._line.begin('val', 'val', len(runner.val_dataloader))

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin a bar for the test."""
        if self._line:
            self._line.begin('test', 'test', len(runner.test_dataloader))

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Log the throughput and move the line."""
        if self._knows_times:
            self._log_throughput(runner.message_hub, data_batch)
        self._advance('train', batch_idx, lambda: self._train_figures(runner.message_hub))

    def _log_throughput(self, hub: MessageHub, data_batch: Any) -> None:
        seconds, waiting = (hub.get_scalar(f'train/{key}').current() for key in ('time', 'data_time'))
        self._iterations.append((images_in(data_batch) * get_world_size(), seconds, waiting))
        images, seconds, waiting = (sum(column) for column in zip(*self._iterations, strict=True))
        hub.update_scalars(
            {'train/images_per_second': images / seconds, 'train/data_share': waiting / seconds}, resumed=False
        )

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Move the line."""
        self._advance('val', batch_idx, lambda: self._eta(runner.message_hub))

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Move the line."""
        self._advance('test', batch_idx, lambda: self._eta(runner.message_hub))

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Take the validation's bar away."""
        if self._line:
            self._line.remove('val')

    def _advance(self, stretch: str, batch_idx: int, figures: Callable[[], str]) -> None:
        if self._line:
            self._line.advance(stretch, batch_idx + 1, figures)

    def _train_figures(self, hub: MessageHub) -> str:
        scalars, figures = hub.log_scalars, [self._eta(hub)]
        if self._knows_losses:
            lr = scalars.get('train/base_lr', scalars['train/lr'])  # with layer decay, `lr` is the first layer's
            loss = scalars.get('train/loss')  # none before the first finite one
            figures += [f'loss {loss.mean(_WINDOW):.4f}' if loss else 'loss -', f'lr {lr.current():.2e}']
        if self._knows_times:
            figures.append(f'{scalars["train/images_per_second"].current():.0f} img/s')
            figures.append(f'data {scalars["train/data_share"].current():.0%}')
        return '  '.join(filter(None, figures))

    def _eta(self, hub: MessageHub) -> str:
        return f'eta {timedelta(seconds=round(hub.get_info("eta")))}' if self._knows_times else ''


def images_in(data_batch: dict[str, Any]) -> int:
    """Return the number of images in a batch whose ``inputs`` are one tensor, a list of images or a list of views."""
    inputs = data_batch['inputs']
    views = not isinstance(inputs, Tensor) and inputs[0].dim() == 4
    return len(inputs[0] if views else inputs)


def _train_stretch(runner: Runner) -> tuple[str, int]:
    """Return the name and the number of iterations of the stretch that begins."""
    if isinstance(runner.train_loop, IterBasedTrainLoop):
        return 'train', runner.max_iters
    return f'epoch {runner.epoch + 1}/{runner.max_epochs}', len(runner.train_dataloader)
