"""Runs that stop when they are asked to, and lose nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from functools import partial
from types import FrameType
from typing import Any, NoReturn

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslrecipes.checkpoint.files.store import words_of
from sslrecipes.distributed.control import any_rank
from sslrecipes.engine.loops import SSLTrainLoop
from sslrecipes.errors import STOPPED
from sslrecipes.registry import HOOKS

REQUESTS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
_AT_FIRST_INTERRUPT = b'\nStopping after this step, with a checkpoint. Ctrl-C again stops at once, without.\n'


@HOOKS.register_module()
class StopHook(Hook):
    """On SIGTERM, SIGUSR1 or Ctrl-C, write a checkpoint after the present step and leave with exit code 143.

    A signal to one process stops all. The second Ctrl-C stops at once, without a checkpoint. A signal during the
    evaluation after an epoch takes effect between two validation batches if the epoch's checkpoint is on disk, else
    when the evaluation is over; one after the last step of the run has none, as the run is about to end. Before
    training, signals do what they always do.

    Needs :class:`sslrecipes.engine.loops.SSLTrainLoop`; with another loop, signals keep their usual effect.

    Args:
        requeue: Whether SIGUSR1, with which Slurm can warn of the end of a job's time, puts the Slurm job back into the
            queue.
    """

    priority = 'LOWEST'  # what other hooks do at the same point, such as saving, comes first

    def __init__(self, requeue: bool = True) -> None:
        self.requeue = requeue
        self._previous: dict[int, Any] = {}
        self._received = dict.fromkeys(REQUESTS, False)

    def before_train(self, runner: Runner) -> None:
        """Install the signal handlers."""
        if threading.current_thread() is threading.main_thread() and isinstance(runner.train_loop, SSLTrainLoop):
            self._previous = {number: signal.signal(number, self._on_signal) for number in REQUESTS}
            for number in REQUESTS:
                runner.vote.add(number.name, partial(self._received.__getitem__, number))

    def after_optimizer_step(self, runner: Runner) -> None:
        """Stop, if any process was asked to before this step was taken."""
        if self._previous:
            self._stop_if(runner, [runner.vote.take(number.name) for number in REQUESTS])

    def between_epochs(self, runner: Runner) -> None:
        """Stop, if any process was asked to."""
        self._stop_if_asked(runner)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Stop, if any process was asked to and the position is stored (other hooks may have exchanged the weights)."""
        if runner.saved_here:
            self._stop_if_asked(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Stop, if any process was asked to."""
        self._stop_if_asked(runner)

    def after_train(self, runner: Runner) -> None:
        """Restore the former signal handlers."""
        while self._previous:
            signal.signal(*self._previous.popitem())

    def after_abort(self, runner: Runner) -> None:
        """Restore the former signal handlers of a run of one process.

        Of several, the launcher asks the others to end as soon as one is gone: they must still tell why they do.
        """
        if get_world_size() == 1:
            self.after_train(runner)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Remember the request; only what is safe at any point of the program may happen here."""
        if number == signal.SIGINT:
            if self._received[signal.SIGINT]:
                raise KeyboardInterrupt
            if os.environ.get('LOCAL_RANK', '0') == '0':
                os.write(2, _AT_FIRST_INTERRUPT)
        self._received[signal.Signals(number)] = True

    def _stop_if_asked(self, runner: Runner) -> None:
        if self._previous:
            self._stop_if(runner, any_rank(*self._received.values()))

    def _stop_if(self, runner: Runner, asked: list[bool]) -> None:
        if any(asked):
            self._stop(runner, [number for number, flag in zip(REQUESTS, asked, strict=True) if flag])

    def _stop(self, runner: Runner, asked: list[signal.Signals]) -> NoReturn:
        runner.save_here()
        runner.wait_for_writing()
        if self.requeue and signal.SIGUSR1 in asked and is_main_process():
            requeue_slurm_job(runner)
        any_rank(False)  # whoever leaves first lets launchers end the others
        names = ' and '.join(number.name for number in asked)
        runner.logger.warning(f'Stopped by {names} after {words_of(runner.epoch, runner.iter)}; continue with --resume')
        raise SystemExit(STOPPED)


def requeue_slurm_job(runner: Runner) -> None:
    """Put the Slurm job that this process belongs to, if any, back into the queue."""
    job = os.environ.get('SLURM_JOB_ID')
    if not job:
        return
    try:
        subprocess.run(['scontrol', 'requeue', job], check=True, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(getattr(error, 'stderr', None) or error).strip()
        runner.logger.warning(f'Could not put the Slurm job {job} back into the queue: {reason}')
    else:
        runner.logger.info(f'The Slurm job {job} is back in the queue')
