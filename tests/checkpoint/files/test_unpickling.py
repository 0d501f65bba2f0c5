import sys
from argparse import Namespace
from collections import OrderedDict
from types import ModuleType

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.unpickling import PlainArray
from sslrecipes.errors import CheckpointError

ARRAYS = [
    np.arange(6, dtype='>i2').reshape(2, 3),
    np.asfortranarray(np.random.rand(3, 4)),
    np.array(['ä', 'bc']),
    np.array([b'x', b'yz']),
    np.array([True, False]),
    np.array(1.5, dtype=np.float16),
    np.empty((0, 3), np.complex64),
    np.zeros((2, 2, 2), np.uint64),
]


@pytest.mark.parametrize('held', ARRAYS, ids=lambda array: f'{array.dtype}')
def test_arrays_come_back(tmp_path, held):
    torch.save({'x': held}, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')['x']
    assert isinstance(read, np.ndarray)
    assert (read.dtype, read.shape) == (held.dtype.newbyteorder('='), held.shape)  # as NumPy's own pickles do
    assert np.array_equal(read, held)
    torch.save({'x': read}, tmp_path / 'b.pth')  # as the array it was, not as a type of this package
    assert type(torch.load(tmp_path / 'b.pth', weights_only=False)['x']) is np.ndarray
    assert isinstance(read + read if held.dtype.kind not in 'SUb' else read, PlainArray)


@pytest.mark.parametrize(
    'held', [np.float64(0.5), np.int32(7), np.bool_(True), np.str_('ab'), np.bytes_(b'x')], ids=repr
)
def test_numbers_come_back(tmp_path, held):
    torch.save({'x': held}, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')['x']
    assert type(read) is type(held)
    assert read == held


def test_bytes_and_namespaces_come_back(tmp_path):
    held = {'bytes': bytes(range(256)), 'args': Namespace(lr=0.1), 'buffer': HistoryBuffer([1.0, 2.0], [1, 2])}
    torch.save(held, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')
    assert (read['bytes'], read['args']) == (held['bytes'], held['args'])
    assert type(read['buffer'].data[0]) is np.ndarray
    assert [list(part) for part in read['buffer'].data] == [[1, 2], [1, 2]]


@pytest.mark.parametrize('module', ['yacs.config', 'fvcore.common.config'])
def test_yacs_configs_come_back_as_dictionaries(tmp_path, monkeypatch, module):
    """SSLight's checkpoints hold one; it is made here without the packages that define it."""
    made = type('CfgNode', (dict,), {'__module__': module})
    for depth in range(module.count('.') + 1):
        parent = '.'.join(module.split('.')[: depth + 1])
        monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    sys.modules[module].CfgNode = made
    config = made(SSL_METHOD='DINO', TRAIN=made(EPOCHS=200))
    config.__dict__['__deprecated_keys__'] = {'A'}
    torch.save({'config': config}, tmp_path / 'a.pth')
    read = read_checkpoint(tmp_path / 'a.pth')['config']
    assert read == {'SSL_METHOD': 'DINO', 'TRAIN': {'EPOCHS': 200}}
    assert type(read['TRAIN']) is OrderedDict


def test_torchs_own_list_is_left_as_it_was(tmp_path):
    torch.save({'x': bytearray(b'x')}, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='"bytearray"'):
        read_checkpoint(tmp_path / 'a.pth')
    assert torch.load(tmp_path / 'a.pth', weights_only=True) == {'x': bytearray(b'x')}
