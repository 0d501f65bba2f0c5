import multiprocessing
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from sslrecipes.datasets import seeded, workers
from sslrecipes.datasets.workers import dead_worker, init_worker
from sslrecipes.errors import DataError

LENGTH, DEADLY = 40, 23


class Files(Dataset):
    """Numbers of the processes that load them."""

    deadly = None
    slow = 0.0

    def __len__(self):
        return LENGTH

    def __getitem__(self, index):
        if index == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.slow)
        return torch.tensor([index, os.getpid(), get_worker_info().id])

    def get_data_info(self, index):
        return {'img_path': f'folder/{index}.jpg'}


def loader_of(dataset):
    dataset, sampler = seeded(dataset, range(LENGTH), 0)
    return DataLoader(dataset, batch_size=4, sampler=sampler, num_workers=2, worker_init_fn=init_worker)


ENDS = (RuntimeError, ConnectionError, EOFError, FileNotFoundError)  # what the main process meets first is a race


def read_all(loader):
    """Read all batches; an error that comes before the kernel's notice of a death waits for that, as in a run."""
    try:
        list(loader)
    except (ConnectionError, EOFError, FileNotFoundError):
        time.sleep(2)  # torch raises its own error in here
        raise


def test_a_killed_worker_is_named_with_its_image():
    dataset = Files()
    dataset.deadly = DEADLY
    loader, start = loader_of(dataset), time.monotonic()
    with pytest.raises(ENDS) as caught:
        read_all(loader)
    assert time.monotonic() - start < 30
    sentence = dead_worker(caught.value, loader)
    assert sentence.startswith('Data worker 1 (process ')  # batches of four go to the two in turn
    assert f'was ended by the signal "Killed" while it read image {DEADLY} ("folder/{DEADLY}.jpg")' in sentence
    assert 'num_workers (now 2)' in sentence


def test_a_worker_that_dies_before_its_first_image_is_named():
    loader = loader_of(Files())
    loader.worker_init_fn = partial(init_worker, inner=lambda worker: os._exit(3))
    with pytest.raises(RuntimeError) as caught:
        list(loader)
    sentence = dead_worker(caught.value, loader)
    assert 'ended by itself before it read an image' in sentence
    assert 'num_workers=0' in sentence


@pytest.fixture
def killed():
    """Process number of a child that was killed."""
    worker = multiprocessing.Process(target=time.sleep, args=(60,))
    worker.start()
    worker.kill()
    worker.join()
    yield worker.pid
    worker.close()


@pytest.mark.parametrize('broken', [True, False])
def test_the_signal_is_known_though_torch_missed_the_notice(killed, broken, monkeypatch):
    monkeypatch.setattr(workers, '_SECONDS_TO_FIND_OUT', 0.1)
    loader = loader_of(Files())
    loader.dataset.trail._rows[1] = torch.tensor([killed, 5])
    missed = RuntimeError(f'DataLoader worker (pid(s) {killed}) exited unexpectedly')
    error = ConnectionResetError(104, 'Connection reset by peer') if broken else missed
    assert 'was ended by the signal "Killed" while it read image 5' in dead_worker(error, loader)
    assert dead_worker(error, loader_of(Files())) is None
    assert dead_worker(KeyError('x'), loader) is None


def test_other_errors_and_other_loaders_are_not_explained():
    loader = loader_of(Files())
    assert dead_worker(RuntimeError('shapes differ'), loader) is None
    foreign = RuntimeError('DataLoader worker (pid 1) is killed by signal: Killed. ')
    assert dead_worker(foreign, loader) is None
    assert dead_worker(foreign, DataLoader(Files())) is None


def test_the_signal_is_found_behind_the_error_that_hides_it():
    loader = loader_of(Files())
    loader.dataset.trail._rows[1] = torch.tensor([77, 5])
    try:
        try:
            raise RuntimeError('DataLoader worker (pid 77) is killed by signal: Bus error. Try to raise your limit.')
        except RuntimeError as cause:
            raise RuntimeError('DataLoader worker (pid(s) 77, 78) exited unexpectedly') from cause
    except RuntimeError as error:
        sentence = dead_worker(error, loader)
    assert sentence.startswith('Data worker 1 (process 77) was ended by the signal "Bus error" while it read image 5 ')
    assert '/dev/shm' in sentence


def test_a_connection_that_breaks_before_torch_notices(monkeypatch):
    loader, calls = loader_of(Files()), []
    loader.dataset.trail._rows[0] = torch.tensor([77, 5])

    def notice():
        calls.append(len(calls))
        if len(calls) == 3:
            raise RuntimeError('DataLoader worker (pid 77) is killed by signal: Killed. ')

    monkeypatch.setattr(workers, '_error_if_any_worker_fails', notice)
    assert dead_worker(RuntimeError('shapes differ'), loader) is None
    assert 'signal "Killed" while it read image 5' in dead_worker(ConnectionResetError(104, 'Connection reset'), loader)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_signals_from_elsewhere_do_not_end_a_worker(number):
    dataset = Files()
    dataset.slow = 0.01
    stream = iter(loader_of(dataset))
    rows = [next(stream), next(stream)]
    for pid in {int(row[0, 1]) for row in rows}:
        stranger = os.fork()  # a signal from this process would be a signal from the parent
        if not stranger:
            os.kill(pid, number)
            os._exit(0)
        os.waitpid(stranger, 0)
    rows += list(stream)
    assert sorted(torch.cat(rows)[:, 0].tolist()) == list(range(LENGTH))


def test_sigterm_from_the_parent_ends_a_worker_at_once():
    context = multiprocessing.get_context('fork')
    ready = context.Event()
    worker = context.Process(target=wait_for_the_end, args=(ready,))
    worker.start()
    assert ready.wait(30)
    worker.terminate()
    worker.join(30)
    assert worker.exitcode == 0


def wait_for_the_end(ready):
    init_worker(0)
    ready.set()
    time.sleep(60)


def test_the_inner_function_is_called_with_the_number_of_the_worker(tmp_path):
    loader = loader_of(Files())
    loader.worker_init_fn = partial(init_worker, inner=lambda worker: (tmp_path / str(worker)).touch())
    list(loader)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['0', '1']


class Missing(Files):
    def __getitem__(self, index):
        raise DataError('The folder is gone.')


def test_a_user_error_of_a_worker_loses_its_traceback():
    stream = iter(loader_of(Missing()))
    with pytest.raises(DataError) as caught:
        next(stream)
    stream._shutdown_workers()  # left to the garbage collector, it takes ten seconds
    assert str(caught.value) == 'The folder is gone.'
    assert str(DataError('Caught DataError in the act')) == 'Caught DataError in the act'


class Pictures(Dataset):
    """Samples too large for the pipe that a batch is sent through."""

    def __len__(self):
        return 1000

    def __getitem__(self, index):
        return b'.' * 2**20


def load_for_ever(pids):
    batches = iter(DataLoader(Pictures(), num_workers=2, worker_init_fn=init_worker, collate_fn=list))
    next(batches)
    pids.send([child.pid for child in multiprocessing.active_children()])
    time.sleep(60)


def test_workers_of_a_killed_process_end():
    context = multiprocessing.get_context('fork')
    mine, its = context.Pipe()
    process = context.Process(target=load_for_ever, args=(its,))
    process.start()
    pids = mine.recv()
    time.sleep(0.5)  # the workers are stuck with batches that nobody takes
    process.kill()
    process.join()
    deadline = time.monotonic() + 30
    while pids and time.monotonic() < deadline:
        time.sleep(0.1)
        pids = [pid for pid in pids if is_running(pid)]
    assert not pids


def is_running(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().split()[2] != 'Z'
    except FileNotFoundError:
        return False
