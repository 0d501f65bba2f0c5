"""Low-level failures become one sentence; everything else passes."""

import errno
import logging
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import MMLogger

from sslrecipes.engine import failures
from sslrecipes.engine.failures import (
    Peer,
    end_if_unwritable,
    explained,
    leave_lost_storage_to_the_main_thread,
    log_traceback,
    lost_peer,
    sentence_for,
)
from sslrecipes.engine.loops import SSLIterTrainLoop
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import DataError, RunError, StorageError, UserError, exit_on_user_error

CLOSED = '[pair.cc:561] Connection closed by peer [127.0.0.1]:34994. This is typically caused by a remote worker'
CPU_OUT = (
    "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"
)


@pytest.fixture
def runner(tmp_path):
    """What the context needs of a runner, with a list of the hook points that were called."""
    called = []
    return SimpleNamespace(
        work_dir=str(tmp_path),
        train_dataloader=SimpleNamespace(batch_size=64, batch_sampler=None, dataset=[]),
        train_loop=None,
        accumulative_counts=2,
        logger=MMLogger(f'failures-{tmp_path.name}', log_file=str(tmp_path / 'run.log')),
        call_hook=called.append,
        called=called,
    )


@pytest.fixture
def dead():
    """Number of a process that has ended but that its parent hasn't asked about."""
    child = subprocess.Popen([sys.executable, '-c', ''])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    yield child.pid
    child.wait()


@pytest.mark.parametrize(
    ('error', 'place'),
    [
        (torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB.'), 'of the GPU'),
        (RuntimeError(CPU_OUT), 'of the machine'),
        (MemoryError(), 'of the machine'),
        (OSError(errno.ENOMEM, 'Cannot allocate memory'), 'of the machine'),
    ],
    ids=['cuda', 'cpu', 'python', 'fork'],
)
def test_out_of_memory_says_what_to_lower(error, place, runner):
    sentence = sentence_for(error, runner, [])
    assert sentence.startswith(f'Out of memory {place} at 64 images')
    assert 'accumulative_counts (now 2)' in sentence
    assert sentence.endswith('--resume --accept-changes.'), 'a plain --resume refuses another batch'


def test_a_run_that_counts_batches_needs_more_of_them_if_they_are_smaller(runner):
    runner.train_loop = object.__new__(SSLIterTrainLoop)
    assert 'as well as train_cfg.max_iters' in sentence_for(MemoryError(), runner, [])


def test_the_process_that_is_gone_is_named(dead, runner):
    host = failures.platform.node()
    peers = [Peer(0, host, os.getpid()), Peer(2, host, dead), Peer(3, 'elsewhere', 1)]
    assert sentence_for(RuntimeError(CLOSED), runner, peers).startswith(f'Rank 2 (process {dead} on this machine) of')


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EIO, errno.ENOENT])
def test_lost_storage_is_told(number, runner):
    error = OSError(number, 'gone', f'{runner.work_dir}/scalars.json')
    assert sentence_for(error, runner, []).startswith('A file of the run could not be written: ')
    assert sentence_for(OSError(errno.ENOENT, 'gone', '/elsewhere'), runner, []) is None


def test_a_process_on_another_machine_has_no_name(monkeypatch):
    monkeypatch.setattr(failures, 'SECONDS_TO_FIND_OUT', 0.1)
    assert lost_peer([Peer(1, 'elsewhere', 1)]).startswith('Another process of this run ended')


@pytest.mark.parametrize('error', [RuntimeError('shape mismatch'), BrokenPipeError(32, 'Broken pipe'), KeyError('x')])
def test_other_errors_pass_untouched_and_go_to_the_log(error, runner, tmp_path, monkeypatch):
    monkeypatch.setattr(failures, 'SECONDS_TO_FIND_OUT', 0.1)
    monkeypatch.setattr(failures, 'find_peers', lambda: [Peer(1, 'elsewhere', 1)])
    with pytest.raises(type(error)) as caught, explained(runner):
        raise error
    assert caught.value is error
    assert runner.called == ['after_abort']
    log = (tmp_path / 'run.log').read_text()
    assert 'Traceback' in log
    assert type(error).__name__ in log


def test_a_broken_connection_waits_for_what_broke_it(runner, tmp_path):
    def notice(*_):
        raise RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. ')

    def lose_connection():
        subprocess.Popen(['sleep', '0.3'])
        raise ConnectionResetError

    before = signal.signal(signal.SIGCHLD, notice)
    try:
        with pytest.raises(ConnectionResetError), explained(runner):
            lose_connection()
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert 'is killed by signal: Killed' in (tmp_path / 'run.log').read_text()


def test_the_low_level_error_is_the_cause_and_goes_to_the_file_only(runner, tmp_path, capsys):
    with pytest.raises(RunError, match='Out of memory') as caught, explained(runner):
        raise MemoryError
    assert isinstance(caught.value.__cause__, MemoryError)
    assert 'MemoryError' in (tmp_path / 'run.log').read_text()
    assert 'MemoryError' not in ''.join(capsys.readouterr())


@pytest.mark.parametrize('reason', [SystemExit(143), KeyboardInterrupt(), DataError('x')])
def test_hooks_clean_up_whatever_ends_the_run(reason, runner):
    with pytest.raises(type(reason)), explained(runner):
        raise reason
    assert runner.called == ['after_abort']


def test_nothing_happens_to_a_run_that_ends_well(runner):
    with explained(runner):
        pass
    assert runner.called == []


class Murder(Hook):
    """Kill a loader worker in mid-training, as the kernel does when memory runs out."""

    def __init__(self):
        self.others = set(multiprocessing.active_children())  # of earlier tests

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 5:
            worker = (set(multiprocessing.active_children()) - self.others).pop()
            os.kill(worker.pid, signal.SIGKILL)


def test_a_dead_loader_worker_ends_the_run_with_its_name(mae_on_digits):
    mae_on_digits.train_dataloader.update(num_workers=2, persistent_workers=True)
    mae_on_digits.train_cfg.max_epochs = mae_on_digits.param_scheduler.epochs = 1000
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.register_hook(Murder())
    with pytest.raises(RunError, match=r'Data worker [01] \(process \d+\) was ended by the signal "Killed"'):
        runner.train()


def test_every_rank_prints_its_own_failure(monkeypatch, capsys):
    monkeypatch.setenv('WORLD_SIZE', '2')
    monkeypatch.setenv('RANK', '1')
    monkeypatch.setenv('LOCAL_RANK', '1')

    @exit_on_user_error
    def main(error):
        raise error

    for error in (RunError('a process ended'), DataError('no images')):
        with pytest.raises(SystemExit, match='2'):
            main(error)
    assert capsys.readouterr().err == '[rank 1] error: a process ended\n'


def test_a_log_on_a_full_disk_ends_the_run_once(capfd):
    logger = logging.Logger('full')
    handler = logging.FileHandler('/dev/full')
    end_if_unwritable(handler)
    logger.addHandler(handler)
    with pytest.raises(StorageError, match='The log "/dev/full" can not be written: No space left on device'):
        logger.warning('the first line')
    logger.warning('another line')
    log_traceback(logger, KeyError('x'))
    assert 'Traceback' not in capfd.readouterr().err


def test_threads_that_can_not_write_print_no_traceback(capfd, monkeypatch):
    told = []
    monkeypatch.setattr(threading, 'excepthook', told.append)
    leave_lost_storage_to_the_main_thread.__wrapped__()
    for error in (OSError(errno.ENOSPC, 'full'), OSError(errno.EPIPE, 'broken'), KeyError('x')):
        threading.excepthook(SimpleNamespace(exc_value=error))
    assert [type(args.exc_value) for args in told] == [BrokenPipeError, KeyError]


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENAMETOOLONG])
def test_what_the_system_refuses_is_a_sentence_wherever_it_happens(number, capsys):
    def main():
        raise OSError(number, os.strerror(number), '/some/file')

    with pytest.raises(SystemExit) as stop:
        exit_on_user_error(main)()
    assert stop.value.code == 2
    assert capsys.readouterr().err == f'error: The system refuses a file: {os.strerror(number)} ("/some/file").\n'


def outcome_in_child(function):
    """Run a function in a forked process without output; returns its exit code: 0, 2 for a UserError, else 1."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            torch.set_num_threads(1)
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            function()
            code = 0
        except UserError:
            code = 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize('limit', [0, 100, 500, 1500, 3000, 20_000])
def test_files_that_can_not_be_written_at_the_start_end_in_a_sentence(mae_on_digits, limit):
    """The lock, the log, the config, what is visualised and the checkpoint, whichever is the first to be refused."""
    mae_on_digits.visualizer = dict(
        type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
    )
    mae_on_digits.log_level = 'INFO'

    def train():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        SSLRunner.from_cfg(mae_on_digits).train()

    assert outcome_in_child(train) == 2


@pytest.mark.parametrize('obstacle', ['run', 'run/.run.lock/x', 'run/x.py/x'])
def test_something_in_the_way_of_the_first_files(mae_on_digits, tmp_path, obstacle):
    (tmp_path / obstacle).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / obstacle).touch()
    object.__setattr__(mae_on_digits, '_filename', 'x.py')
    with pytest.raises(StorageError, match='run'):
        SSLRunner.from_cfg(mae_on_digits)
