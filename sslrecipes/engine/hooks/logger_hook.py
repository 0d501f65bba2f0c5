"""Log lines by the clock, recorded scalars by iterations."""

from __future__ import annotations

from time import monotonic
from typing import Any

from mmengine.hooks import LoggerHook as MMEngineLoggerHook
from mmengine.runner import Runner

from sslrecipes.registry import HOOKS

#: Iterations between records of a long run, and how often a shorter one is recorded at least.
LONGEST_INTERVAL, RECORDS = 100, 200
#: Seconds before the first line, and between those that tell the end of an epoch, as shares of ``seconds``.
_FIRST, _EPOCHS = 1 / 3, 1 / 10


@HOOKS.register_module()
class LoggerHook(MMEngineLoggerHook):
    """mmengine's ``LoggerHook``, whose lines come every so many seconds instead of every so many iterations.

    Upstream's ``interval`` rules lines as well as records (``scalars.json``, TensorBoard), so that an epoch of 90 slow
    iterations is silent to its end, and one of 6 quick ones says nothing else. Here a line is due every ``seconds``
    (the first one earlier), at the end of an epoch if some seconds have passed since the last, and at the end of the
    run; records keep to iterations, so that curves don't depend on the machine.

    Args:
        interval: Iterations of an epoch between records, of which an epoch that is not longer has one at its end. By
            default 100, or fewer in a run so short that it would have less than 200.
        seconds: Longest time between lines of training, validation or test.
        options: Those of ``mmengine.hooks.LoggerHook``. ``interval_exp_name`` means nothing: no line names the run.
    """

    def __init__(self, interval: int | None = None, seconds: float = 30, **options: Any) -> None:
        super().__init__(LONGEST_INTERVAL if interval is None else interval, **options)
        self._fits_run = interval is None
        self.seconds = seconds
        self._told = 0.0

    def before_train(self, runner: Runner) -> None:
        """Choose the interval, and start the clock."""
        if self._fits_run:
            self.interval = min(max(runner.max_iters // RECORDS, 1), LONGEST_INTERVAL)
        self._start_clock()

    def before_val(self, runner: Runner) -> None:
        """Start the clock, unless training already has."""
        if not self._told:
            self._start_clock()

    def before_test(self, runner: Runner) -> None:
        """Start the clock."""
        self._start_clock()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Record the scalars, and tell them, if it is time for either."""
        ends = self.end_of_epoch(runner.train_dataloader, batch_idx)
        short = not self.ignore_last or len(runner.train_dataloader) <= self.interval
        records = self.every_n_inner_iters(batch_idx, self.interval) or (ends and short)
        tells = self._is_time(_EPOCHS if ends else 1) or runner.iter + 1 == runner.max_iters
        if records or tells:
            scalars, line = runner.log_processor.get_log_after_iter(runner, batch_idx, 'train')
            if tells:
                self._tell(runner, line)
            if records:
                runner.visualizer.add_scalars(scalars, step=runner.iter + 1, file_path=self.json_log_path)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Tell how far the validation is, if it is time."""
        self._tell_progress(runner, batch_idx, 'val')

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Tell how far the test is, if it is time."""
        self._tell_progress(runner, batch_idx, 'test')

    def _tell_progress(self, runner: Runner, batch_idx: int, mode: str) -> None:
        if self._is_time():
            self._tell(runner, runner.log_processor.get_log_after_iter(runner, batch_idx, mode)[1])

    def _start_clock(self) -> None:
        self._told = monotonic() - self.seconds * (1 - _FIRST)

    def _is_time(self, share: float = 1) -> bool:
        return monotonic() - self._told >= self.seconds * share

    def _tell(self, runner: Runner, line: str) -> None:
        self._told = monotonic()
        runner.logger.info(line)
