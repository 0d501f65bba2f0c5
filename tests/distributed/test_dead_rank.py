"""Ranks that die, and ranks that are asked to stop: real processes, real signals."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from sslrecipes.engine.runner import SSLRunner

TOOLS = Path(__file__).parents[2] / 'tools'
SECONDS = 30  # within which the others must have ended


class Accident(Hook):
    """Do something to one rank in mid-training."""

    def __init__(self, rank, happen):
        self.rank, self.happen = rank, happen

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.rank == self.rank and runner.iter == 5:
            self.happen()


def endless(cfg, work_dir):
    """Make it a run of two ranks that somebody has to end."""
    cfg.launcher, cfg.work_dir = 'pytorch', str(work_dir)
    cfg.train_dataloader.batch_size = 8
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 10**6
    cfg.default_hooks.checkpoint.interval = 0
    return cfg


def _rank_main(cfg, accident, rank, port, folder):
    torch.set_num_threads(1)  # a forked child must not use the parent's OpenMP team
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
    code = 0
    try:
        runner = SSLRunner.from_cfg(cfg)
        runner.register_hook(accident)
        runner.train()
    except BaseException as error:  # noqa: BLE001  whatever it was, the parent must hear of it
        (folder / f'rank_{rank}').write_text(f'{type(error).__name__}: {error}')
        code = error.code if isinstance(error, SystemExit) else 1
    os._exit(code)  # no clean-up of what belongs to the parent


@pytest.fixture
def train_two_ranks(mae_on_digits, tmp_path):
    """Function from the accident of rank 1 to the processes and what each rank ended with."""

    def run(happen):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = str(probe.getsockname()[1])
        cfg, fork = endless(mae_on_digits, tmp_path / 'run'), multiprocessing.get_context('fork')
        ranks = [
            fork.Process(target=_rank_main, args=(cfg, Accident(1, happen), rank, port, tmp_path)) for rank in range(2)
        ]
        for process in ranks:
            process.start()
        ranks[1].join(60)
        ranks[0].join(SECONDS)
        for process in ranks:
            process.kill()
            process.join()
        return ranks, [(tmp_path / f'rank_{rank}').read_text() for rank in range(2) if rank == 0 or happen is not kill]

    return run


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def fail():
    raise KeyError('no such thing')


def stop():
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize('happen', [kill, fail])
def test_the_rank_that_is_left_names_the_one_that_ended(happen, train_two_ranks):
    ranks, messages = train_two_ranks(happen)
    assert ranks[0].exitcode == 1, 'rank 0 hung'
    assert messages[0].startswith(f'RunError: Rank 1 (process {ranks[1].pid} on this machine) of this run ended before')
    assert happen is kill or messages[1] == "KeyError: 'no such thing'"


def test_a_request_to_one_rank_stops_both(train_two_ranks, tmp_path):
    ranks, messages = train_two_ranks(stop)
    assert [process.exitcode for process in ranks] == [143, 143], messages
    assert [path.name for path in (tmp_path / 'run').glob('*.pth')] == ['epoch_1_iter_6.pth']


def children(pid):
    return [int(child) for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def launch(cfg, *options):
    """Start tools/dist_train.sh and return when training is under way."""
    folder = Path(cfg.work_dir)
    before = set(folder.glob('*.pth'))
    cfg.dump(folder.with_suffix('.py'))
    command = ['bash', TOOLS / 'dist_train.sh', folder.with_suffix('.py'), '2', '--work-dir', folder, *options]
    launcher = subprocess.Popen(
        command,
        env={**os.environ, 'PYTHON': sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while set(folder.glob('*.pth')) <= before and launcher.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return launcher


def test_the_launcher_stops_goes_on_and_tells_who_died(mae_on_digits, tmp_path):
    cfg = endless(mae_on_digits, tmp_path / 'run')
    cfg.default_hooks.checkpoint.update(interval_iters=50, max_keep_ckpts=1)
    cfg.update(runner_type='SSLRunner', log_level='INFO')
    launcher = launch(cfg)
    launcher.terminate()
    output, _ = launcher.communicate(timeout=SECONDS)
    assert launcher.returncode == 143, output
    stopped = 'Stopped by SIGTERM after'
    assert stopped in output

    launcher = launch(cfg, '--resume')
    os.kill(children(launcher.pid)[1], signal.SIGKILL)
    output, _ = launcher.communicate(timeout=SECONDS)
    assert launcher.returncode == 1, output
    assert 'Resumed from' in output
    assert 'error: rank 1 (process ' in output
    assert '[rank 0] error: Rank 1 (process ' in output
