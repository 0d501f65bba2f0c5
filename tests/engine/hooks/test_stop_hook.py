"""Real signals to a small run: it stops at the next step with a checkpoint from which it goes on exactly."""

import multiprocessing
import os
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook

from sslrecipes.engine.hooks import StopHook
from sslrecipes.engine.hooks.stop_hook import REQUESTS
from sslrecipes.engine.runner import SSLRunner


class Signaller(Hook):
    """Let another process send signals to this one and its loader workers within a step."""

    def __init__(self, step, *numbers):
        self.step, self.numbers = step, numbers
        self.others = set(multiprocessing.active_children())  # of earlier tests, perhaps gone but not yet noticed

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 == self.step:
            for number in self.numbers:
                workers = set(multiprocessing.active_children()) - self.others
                pids = [os.getpid(), *(worker.pid for worker in workers)]
                subprocess.run(['kill', f'-{int(number)}', *map(str, pids)], check=True)


def train(cfg, *hooks):
    runner = SSLRunner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    runner.train()
    return torch.cat([p.detach().flatten() for p in runner.model.parameters()])


def checkpoints(cfg):
    return sorted(path.name for path in Path(cfg.work_dir).glob('epoch_*.pth'))


@pytest.fixture(autouse=True)
def _handlers_are_given_back():
    before = [signal.getsignal(number) for number in REQUESTS]
    yield
    assert [signal.getsignal(number) for number in REQUESTS] == before


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('number', REQUESTS, ids=lambda number: number.name)
def test_a_stopped_run_goes_on_exactly(number, workers, mae_on_digits, tmp_path):
    cfg = mae_on_digits
    cfg.train_dataloader.num_workers = workers
    whole = train(cfg)
    cfg.work_dir = str(tmp_path / 'stopped')
    with pytest.raises(SystemExit, match='143'):
        train(cfg, Signaller(6, number))
    assert checkpoints(cfg) == ['epoch_1_iter_6.pth']
    cfg.resume = True
    assert torch.equal(train(cfg), whole)


def test_the_second_interrupt_stops_now_and_saves_nothing(mae_on_digits, capfd):
    with pytest.raises(KeyboardInterrupt):
        train(mae_on_digits, Signaller(6, signal.SIGINT, signal.SIGINT))
    assert checkpoints(mae_on_digits) == []
    assert capfd.readouterr().err.count('Ctrl-C again stops at once') == 1


def test_a_position_that_was_just_saved_is_not_saved_again(mae_on_digits, monkeypatch):
    mae_on_digits.default_hooks.checkpoint.update(interval=0, interval_iters=6)
    saved = []
    before_save = StopHook.before_save_checkpoint
    monkeypatch.setattr(StopHook, 'before_save_checkpoint', lambda *args, **kw: saved.append(before_save(*args, **kw)))
    with pytest.raises(SystemExit):
        train(mae_on_digits, Signaller(6, signal.SIGTERM))
    assert checkpoints(mae_on_digits) == ['epoch_1_iter_6.pth']
    assert len(saved) == 1


@pytest.fixture
def fake_scontrol(tmp_path, monkeypatch):
    """Function that puts a shell script in the place of Slurm's scontrol, in job 77."""

    def install(script):
        (tmp_path / 'scontrol').write_text(f'#!/bin/sh\n{script}\n')
        (tmp_path / 'scontrol').chmod(0o755)
        monkeypatch.setenv('PATH', f'{tmp_path}:{os.environ["PATH"]}')
        monkeypatch.setenv('SLURM_JOB_ID', '77')

    return install


@pytest.mark.parametrize('number', [signal.SIGUSR1, signal.SIGTERM], ids=lambda number: number.name)
def test_slurm_job_is_put_back_after_the_warning_only(number, mae_on_digits, tmp_path, fake_scontrol):
    work_dir = mae_on_digits.work_dir
    fake_scontrol(f'echo "$@" $(ls {work_dir}/*.pth) > {tmp_path}/called')
    with pytest.raises(SystemExit, match='143'):
        train(mae_on_digits, Signaller(2, number))
    if number == signal.SIGTERM:
        assert not (tmp_path / 'called').exists()
    else:
        assert (tmp_path / 'called').read_text() == f'requeue 77 {work_dir}/epoch_0_iter_2.pth\n'


def test_a_job_that_cannot_be_put_back_stops_all_the_same(mae_on_digits, tmp_path, fake_scontrol):
    fake_scontrol('echo "no such job" >&2; exit 1')
    with pytest.raises(SystemExit, match='143'):
        train(mae_on_digits, Signaller(2, signal.SIGUSR1))
    assert checkpoints(mae_on_digits) == ['epoch_0_iter_2.pth']
    logs = ''.join(path.read_text() for path in tmp_path.rglob('*.log'))
    assert 'Could not put the Slurm job 77 back into the queue: no such job' in logs
    assert 'Stopped by SIGUSR1 after 0 epochs and 2 iterations; continue with --resume' in logs


@pytest.mark.parametrize('saved', [True, False])
def test_validation_is_left_only_if_its_epoch_is_stored(saved):
    hook, saves = StopHook(), []
    runner = SimpleNamespace(saved_here=saved, epoch=1, iter=4, logger=SimpleNamespace(warning=print))
    runner.save_here = runner.wait_for_writing = lambda: saves.append(1)
    hook._previous = {signal.SIGTERM: signal.getsignal(signal.SIGTERM)}
    hook._on_signal(signal.SIGTERM, None)
    if saved:
        with pytest.raises(SystemExit):
            hook.after_val_iter(runner, 0)
    else:
        hook.after_val_iter(runner, 0)
        assert not saves
        with pytest.raises(SystemExit):
            hook.after_val_epoch(runner)
