import argparse
import functools
import http.server
import io
import os
import pickle
import threading

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file

from sslrecipes.checkpoint.files.reading import read_checkpoint, read_mapped
from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.checkpoint.files.unpickling import PlainArray
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.errors import CheckpointError


class Touch:
    """Creates a file when it is unpickled without restriction."""

    def __init__(self, path, call=os.system):
        self.path, self.call = path, call

    def __reduce__(self):
        return (self.call, (f'touch {self.path}' if self.call is os.system else f'open({str(self.path)!r}, "w")',))


@pytest.mark.parametrize(('call', 'name'), [(os.system, 'posix.system'), (eval, 'eval'), (exec, 'exec')])
@pytest.mark.parametrize('zipped', [True, False])
def test_pickle_with_code_is_refused_and_not_run(tmp_path, call, name, zipped):
    sentinel, path = tmp_path / 'sentinel', tmp_path / 'evil.pth'
    torch.save(
        {'state_dict': {'w': torch.ones(1)}, 'x': Touch(sentinel, call)}, path, _use_new_zipfile_serialization=zipped
    )
    with pytest.raises(CheckpointError, match=rf'evil.pth" was refused: .*"{name}"'):
        read_checkpoint(path)
    assert not sentinel.exists()
    torch.load(path, weights_only=False)  # the file does what it is accused of
    assert sentinel.exists()


def test_plain_pickle_with_code_is_not_run(tmp_path):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        sentinel, path = tmp_path / f'sentinel{protocol}', tmp_path / f'evil{protocol}.pkl'
        path.write_bytes(pickle.dumps({'x': Touch(sentinel)}, protocol))
        with pytest.raises(CheckpointError, match=path.name):
            read_checkpoint(path)
        assert not sentinel.exists()


def test_pickled_arrays_of_detectron2_become_tensors(tmp_path):
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(3), np.arange(3, dtype='>i4'), np.empty((0, 2))]
    held = {'model': {str(i): array for i, array in enumerate(arrays)}, '__author__': 'me', 'step': np.arange(2)}
    path = tmp_path / 'a.pkl'
    path.write_bytes(pickle.dumps(held, protocol=2))
    read = read_checkpoint(path)
    assert all(np.array_equal(read['model'][name].numpy(), array) for name, array in held['model'].items())
    assert (read['__author__'], type(read['step'])) == ('me', PlainArray)
    read['model']['0'] += 1  # on memory of their own
    for size in range(10, path.stat().st_size, 97):
        (tmp_path / 'cut.pkl').write_bytes(path.read_bytes()[:size])
        with pytest.raises(CheckpointError, match=r'cut\.pkl" is damaged, cut short'):
            read_checkpoint(tmp_path / 'cut.pkl')
    with pytest.raises(CheckpointError, match=r'a\.pkl'):
        read_checkpoint(path, sealed=True)


class Lookup:
    """Pickles as ``getattr(HistoryBuffer, '__init__')``, and is then called."""

    def __reduce__(self):
        return (getattr, (HistoryBuffer, '__init__'))


class Called:
    def __reduce__(self):
        return (_reveal, ())


def _reveal():
    raise AssertionError


def test_getattr_in_a_pickle_looks_nothing_up(tmp_path):
    torch.save({'x': Lookup()}, tmp_path / 'a.pth')
    assert read_checkpoint(tmp_path / 'a.pth') == {'x': '__init__'}


def test_class_of_the_test_module_is_named_in_the_refusal(tmp_path):
    torch.save({'x': Called()}, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='_reveal'):
        read_checkpoint(tmp_path / 'a.pth')


def test_history_buffer_comes_back_and_its_class_stays_as_it_was(tmp_path):
    buffer = HistoryBuffer([1.0, 3.0], [1, 1])
    before = dict(HistoryBuffer._statistics_methods)
    torch.save({'loss': buffer}, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')['loss']
    assert type(read) is HistoryBuffer
    assert read.mean() == 2.0
    assert read.statistics('max') == 3.0
    assert HistoryBuffer._statistics_methods == before
    torch.save({'loss': read}, tmp_path / 'b.pth')
    assert read_checkpoint(tmp_path / 'b.pth')['loss'].mean() == 2.0


def test_values_of_official_checkpoints_are_read(tmp_path):
    held = {
        'args': argparse.Namespace(lr=1e-3, output_dir='out', betas=(0.9, 0.95)),
        'loss': np.float64(0.5),
        'step': np.int64(7),
        'history': np.arange(6, dtype=np.float32).reshape(2, 3),
        'names': np.array(['a', 'b']),
        'random': np.random.get_state(),
        'torch_random': torch.get_rng_state(),
    }
    torch.save(held, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')
    assert read['args'] == held['args']
    assert (read['loss'], read['step']) == (0.5, 7)
    assert np.array_equal(read['history'], held['history'])
    assert list(read['names']) == ['a', 'b']
    assert np.array_equal(read['random'][1], held['random'][1])
    assert torch.equal(read['torch_random'], held['torch_random'])


def test_numpy_1_names_are_read(tmp_path):
    buffer = io.BytesIO()
    torch.save({'x': np.float64(0.5)}, buffer, _use_new_zipfile_serialization=False)
    (tmp_path / 'a.pth').write_bytes(
        buffer.getvalue().replace(b'cnumpy._core.multiarray\n', b'cnumpy.core.multiarray\n')
    )
    assert read_checkpoint(tmp_path / 'a.pth') == {'x': 0.5}


def test_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / 'epoch_10.pth').write_bytes(b'x')
    with pytest.raises(CheckpointError, match=r'no checkpoint ".*epoch_1O.pth".*Did you mean "epoch_10.pth"'):
        read_checkpoint(tmp_path / 'epoch_1O.pth')
    with pytest.raises(CheckpointError, match='There is no checkpoint'):
        read_checkpoint(tmp_path / 'absent' / 'a.pth')


def test_a_pipe_or_a_device_is_no_checkpoint(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    for name in (tmp_path / 'pipe', '/dev/zero'):
        with pytest.raises(CheckpointError, match=f'^"{name}" is no regular file.$'):
            read_checkpoint(name)


def test_empty_name_folder_and_empty_file(tmp_path):
    (tmp_path / 'a.pth').touch()
    for path, sentence in [('', 'No checkpoint is given'), (tmp_path, 'is a folder'), (tmp_path / 'a.pth', 'is empty')]:
        with pytest.raises(CheckpointError, match=sentence):
            read_checkpoint(path)


@pytest.mark.parametrize('suffix', ['zip', 'legacy', 'safetensors'])
@pytest.mark.parametrize('share', [0.2, 0.6, 0.99])
def test_truncated_file(tmp_path, suffix, share):
    path, state = tmp_path / f'a.{suffix}', {'w': torch.randn(1000)}
    if suffix == 'safetensors':
        save_safetensors(path, state)
    else:
        torch.save({'state_dict': state}, path, _use_new_zipfile_serialization=suffix == 'zip')
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CheckpointError, match=rf'a.{suffix}" is a? ?damaged'):
        read_checkpoint(path)


def test_neither_format_and_no_dictionary(tmp_path):
    (tmp_path / 'a.pth').write_text('<html>404</html>')
    with pytest.raises(CheckpointError, match='neither a torch file nor a safetensors file'):
        read_checkpoint(tmp_path / 'a.pth')
    torch.save(torch.ones(2), tmp_path / 'b.pth')
    with pytest.raises(CheckpointError, match='holds a Tensor'):
        read_checkpoint(tmp_path / 'b.pth')


def test_format_is_told_by_content(tmp_path):
    save_safetensors(tmp_path / 'a.pth', {'w': torch.ones(2)})
    assert torch.equal(read_checkpoint(tmp_path / 'a.pth')['state_dict']['w'], torch.ones(2))


@pytest.mark.parametrize('size', [0x280, 0x480, 0x7D0280])
def test_safetensors_whose_header_size_looks_like_a_pickle(tmp_path, size):
    path, state = tmp_path / 'a.safetensors', {'w': torch.ones(2)}
    save_safetensors(path, state, {'note': ''})
    missing = size - int.from_bytes(path.read_bytes()[:8], 'little')
    save_safetensors(path, state, {'note': 'x' * missing})
    assert path.read_bytes().startswith(b'\x80')
    assert torch.equal(read_checkpoint(path)['state_dict']['w'], torch.ones(2))


def test_sha256(tmp_path):
    (tmp_path / 'a').write_bytes(b'abc')
    assert sha256(tmp_path / 'a') == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'


@pytest.fixture
def address(tmp_path, monkeypatch):
    """A web server over ``tmp_path / 'web'`` and a hub cache of its own."""
    (tmp_path / 'web').mkdir()
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'hub'))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / 'web')
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    server.server_close()


def test_download_is_cached_by_address(tmp_path, address):
    for i, folder in enumerate(('base', 'large')):  # two releases with the same file name
        (tmp_path / 'web' / folder).mkdir()
        torch.save({'i': i}, tmp_path / 'web' / folder / 'checkpoint.pth')
    assert read_checkpoint(f'{address}/base/checkpoint.pth') == {'i': 0}
    assert read_checkpoint(f'{address}/large/checkpoint.pth') == {'i': 1}
    (tmp_path / 'web' / 'base' / 'checkpoint.pth').unlink()
    assert read_checkpoint(f'{address}/base/checkpoint.pth') == {'i': 0}


def test_damaged_download_is_fetched_anew(tmp_path, address):
    file = tmp_path / 'web' / 'a.safetensors'
    save_file({'x': torch.ones(4)}, file)
    url = f'{address}/a.safetensors'
    for _ in range(2):
        assert read_checkpoint(url)['state_dict']['x'].tolist() == [1, 1, 1, 1]
        (cached,) = (tmp_path / 'hub').rglob('a.safetensors')
        content = bytearray(cached.read_bytes())
        content[-1] ^= 1
        cached.write_bytes(content)
    file.unlink()
    with pytest.raises(CheckpointError, match='could not be downloaded'):
        read_checkpoint(url)
    assert not list((tmp_path / 'hub').rglob('*.part'))


def test_download_of_code_and_of_nothing(tmp_path, address):
    torch.save({'x': Touch(tmp_path / 'sentinel')}, tmp_path / 'web' / 'evil.pth')
    with pytest.raises(CheckpointError, match='refused'):
        read_checkpoint(f'{address}/evil.pth')
    assert not (tmp_path / 'sentinel').exists()
    assert not list((tmp_path / 'hub').rglob('evil.pth'))
    with pytest.raises(CheckpointError, match='could not be downloaded'):
        read_checkpoint(f'{address}/absent.pth')


def test_names_that_are_not_utf8_are_read(tmp_path):
    for suffix, save in (('.pth', save_torch), ('.safetensors', save_safetensors)):
        path = tmp_path / os.fsdecode(b'caf\xe9' + suffix.encode())
        save(path, {'w': torch.ones(2)})
        for read in (read_checkpoint, read_mapped):
            held = read(path)
            assert held.get('state_dict', held)['w'].sum() == 2
