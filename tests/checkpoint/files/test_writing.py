import os
import resource
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import BackgroundWriter, copied, save_safetensors, save_torch, write_atomic
from sslrecipes.errors import StorageError

SAVERS = {'torch': save_torch, 'safetensors': save_safetensors}


@pytest.fixture
def in_fork():
    """``in_fork(function)``: what it returns in a forked process, as text."""

    def call(function):
        receiver, sender = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.write(sender, str(function()).encode())
            except BaseException as error:  # noqa: BLE001  the caller asks for it
                os.write(sender, f'{type(error).__name__}: {error}'.encode())
            finally:
                os._exit(0)
        os.close(sender)
        with os.fdopen(receiver) as pipe:
            answer = pipe.read()
        assert os.waitpid(child, 0)[1] == 0
        return answer

    return call


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_text('old')

    def half(file):
        file.write_text('ne')
        raise OSError('disk full')

    with pytest.raises(
        StorageError, match=r'Could not write ".*a.pth": disk full. The file that was there .* unchanged'
    ):
        write_atomic(path, half)
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('saver', SAVERS)
@pytest.mark.parametrize('room', [0, 1000, 100_000, 399_000])
def test_full_disk(tmp_path, in_fork, saver, room):
    """The limit of a file's size stands for the end of the disk: a write beyond it fails in the same way."""
    path, weights = tmp_path / 'a.pth', {'w': torch.ones(100_000)}
    old = SAVERS[saver](path, {'w': torch.zeros(2)}).read_bytes()

    def save():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))  # Python ignores the signal SIGXFSZ
        SAVERS[saver](path, weights)

    answer = in_fork(save)
    assert answer.startswith(f'StorageError: Could not write "{path}": ')
    assert 'File too large' in answer
    assert answer.endswith('The file that was there before is unchanged.')
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_folder(tmp_path):
    (tmp_path / 'a').touch()
    with pytest.raises(StorageError, match=r'Could not write ".*b.pth": (Not a directory|File exists)'):
        save_torch(tmp_path / 'a' / 'b.pth', {})


def test_what_can_not_be_pickled_leaves_no_file(tmp_path):
    with pytest.raises((AttributeError, TypeError)):
        save_torch(tmp_path / 'a.pth', {'lock': threading.Lock()})
    assert not list(tmp_path.iterdir())


def peak_memory():
    lines = Path('/proc/self/status').read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith('VmHWM'))


@pytest.mark.parametrize('saver', SAVERS)
def test_no_second_copy_in_memory(tmp_path, in_fork, saver):
    def extra():
        weights = {f'w{i}': torch.ones(5_000_000) for i in range(10)}
        save_torch(tmp_path / 'warm.pth', {'w': torch.ones(2)})
        save_safetensors(tmp_path / 'warm.safetensors', {'w': torch.ones(2)})
        before = peak_memory()
        SAVERS[saver](tmp_path / 'a.pth', weights)
        return peak_memory() - before

    extra = int(in_fork(extra))
    assert (tmp_path / 'a.pth').stat().st_size > 200_000_000
    assert extra < 0.1 * 200_000_000


def test_new_folders_are_made_and_no_temporary_file_stays(tmp_path):
    path = write_atomic(tmp_path / 'x' / 'y' / 'a.txt', lambda file: file.write_text('new'))
    assert path.read_text() == 'new'
    assert list(path.parent.iterdir()) == [path]


def test_safetensors_takes_views_and_shared_tensors(tmp_path):
    weight = torch.randn(4, 6)
    state = {'a': weight, 'b': weight, 'part': weight[1:], 'transposed': weight.T, 'empty': weight[:0]}
    save_safetensors(tmp_path / 'a.safetensors', state, {'method': 'MAE'})
    read = read_checkpoint(tmp_path / 'a.safetensors')
    assert read['meta'] == {'format': 'pt', 'method': 'MAE'}
    assert all(torch.equal(read['state_dict'][name], state[name]) for name in state)


def test_torch_file(tmp_path):
    save_torch(tmp_path / 'a.pth', {'state_dict': {'w': torch.ones(2)}, 'epoch': 3})
    assert torch.load(tmp_path / 'a.pth', weights_only=True)['epoch'] == 3


def test_background_writer_writes_what_was_there_at_the_call(tmp_path):
    writer, weight, buffer = BackgroundWriter(), torch.zeros(1000), HistoryBuffer([1.0], [1])
    for epoch in (1, 2, 3):
        weight += 1
        writer.write(tmp_path / f'epoch_{epoch}.pth', {'w': weight, 'loss': buffer, 'meta': {'epoch': epoch}})
        weight += 100
        buffer.update(2.0)
    writer.wait()
    for epoch in (1, 2, 3):
        held = read_checkpoint(tmp_path / f'epoch_{epoch}.pth', sealed=True)
        assert held['w'][0] == 101 * epoch - 100
        assert len(held['loss'].data[0]) == epoch
    assert len(list(tmp_path.iterdir())) == 3


def test_background_writer_has_one_file_in_flight():
    go, running = threading.Event(), []

    def slow(path, checkpoint):
        running.append(path)
        assert go.wait(10)
        running.remove(path)

    writer = BackgroundWriter(slow)
    writer.write('a', {})
    second = threading.Thread(target=writer.write, args=('b', {}))
    second.start()
    second.join(0.2)
    assert second.is_alive()
    assert running == ['a']
    go.set()
    second.join()
    writer.wait()
    assert running == []


def test_failure_in_the_background_is_raised_once_by_the_next_call(tmp_path):
    (tmp_path / 'file').touch()
    writer = BackgroundWriter()
    writer.write(tmp_path / 'file' / 'a.pth', {})
    with pytest.raises(StorageError, match='Could not write'):
        writer.write(tmp_path / 'b.pth', {})
    writer.write(tmp_path / 'b.pth', {})
    writer.wait()
    assert (tmp_path / 'b.pth').exists()


def test_copy_keeps_ties_and_shares_nothing_with_the_original():
    weight = torch.ones(3)
    original = {'a': weight, 'b': weight.detach(), 'part': weight[1:], 'x': [np.ones(2), (weight,)]}
    copy = copied(original)
    weight.zero_()
    original['x'][0][:] = 0
    assert copy['a'].data_ptr() == copy['b'].data_ptr() == copy['x'][1][0].data_ptr()
    assert all(part.all() for part in (copy['a'], copy['part'], copy['x'][0]))


@pytest.mark.parametrize('save', SAVERS.values(), ids=SAVERS)
def test_files_get_the_permissions_of_any_new_file(tmp_path, save):
    (tmp_path / 'plain').touch()
    path = save(tmp_path / 'weights', {'a': torch.zeros(2)})
    assert path.stat().st_mode == (tmp_path / 'plain').stat().st_mode


def test_metadata_may_name_any_file(tmp_path):
    path = save_safetensors(tmp_path / 'a.safetensors', {'a': torch.zeros(2)}, {'source': 'caf\udce9'})
    assert read_checkpoint(path)['meta']['source'] == 'caf\\udce9'


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ('ä' * 125 + '.png')
    assert write_atomic(path, lambda file: file.write_bytes(b'x')).read_bytes() == b'x'
    assert [*tmp_path.iterdir()] == [path]
