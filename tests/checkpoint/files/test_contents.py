from argparse import Namespace
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from sslrecipes.checkpoint.files import contents
from sslrecipes.checkpoint.files.reading import read_checkpoint, read_mapped
from sslrecipes.errors import CheckpointError


def itself():
    value = []
    value.append(value)
    return value


def nested(depth, kind=list):
    value = kind()
    for _ in range(depth):
        value = kind([value])
    return value


def laughs():
    value = ['ha']
    for _ in range(40):
        value = [value, value]
    return value


pytestmark = pytest.mark.filterwarnings('ignore')  # torch's, of tensors that nobody should write
ONES = torch.ones(4, 3)
ODD = {
    'tensor of tensors': (torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), 'nested|class'),
    'sparse': (ONES.to_sparse(), 'sparse'),
    'compressed': (ONES.to_sparse_csr(), 'sparse'),
    'quantised': (torch.quantize_per_tensor(ONES, 0.1, 0, torch.qint8), 'qint8 tensor'),
    'without values': (torch.empty(3, device='meta'), 'without values'),
    'complex': (torch.ones(3, dtype=torch.complex64), 'complex64 tensor'),
    'expanded': (torch.ones(1).expand(1 << 30), r'4,294,967,296 bytes whose elements share 4$'),
    'expanded a little': (torch.ones(1).expand((1 << 18) + 1), '1,048,580 bytes whose elements share 4'),
    'overlapping': (torch.ones(1 << 10).as_strided((1 << 20, 4), (0, 1)), 'elements share'),
    'itself': (itself(), 'contain themselves'),
    'deep list': (nested(60), 'nested too deeply'),
    'deep tuple': (nested(60, tuple), 'nested too deeply'),
    'many': (laughs(), 'more than 20,000,000 values'),
    'long text': ('x' * (17 << 20), 'a text of 17,825,792 characters'),
}


@pytest.mark.parametrize('place', ['meta', 'entry'])
@pytest.mark.parametrize('odd', ODD)
def test_what_is_no_weight_nor_plain_value_is_refused(tmp_path, odd, place):
    value, complaint = ODD[odd]
    held = {'meta': {'cfg': value}, 'x': 1} if place == 'meta' else {'state_dict': {'w': value}, 'meta': {}}
    torch.save(held, tmp_path / 'a.pth')
    for read in (read_checkpoint, read_mapped):
        with pytest.raises(CheckpointError, match=complaint.removesuffix('$')) as caught:
            read(tmp_path / 'a.pth')
        assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'held', [{0: ONES}, {'state_dict': {0: ONES}}, {'model': {('a',): ONES, 'b': ONES}}, {'x' * 2000: ONES}]
)
def test_names_of_weights_are_texts(tmp_path, held):
    torch.save(held, tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match='is no name of a weight'):
        read_checkpoint(tmp_path / 'a.pth')


def test_what_checkpoints_hold_is_taken(tmp_path):
    shared = torch.ones(4)
    held = {
        'state_dict': OrderedDict(a=shared, b=shared[:2], c=nn.Parameter(ONES), d=torch.zeros(0, 4), e=ONES.t()),
        'optimizer': {'state': {0: {'step': torch.tensor(3.0)}}, 'param_groups': [{'betas': (0.9, 0.95), 'x': None}]},
        'args': Namespace(blr=1e-3, names={'a', 'b'}),
        'random': {'python': (3, (1,) * 625, None), 'numpy': np.arange(5), 'seed': 2**64 - 1},
        'small': torch.ones(1).expand(1 << 18),
        'best': np.float64(0.5),
    }
    torch.save(held, tmp_path / 'a.pth')
    assert read_checkpoint(tmp_path / 'a.pth').keys() == held.keys()


@pytest.mark.parametrize(
    ('value', 'complaint'), [(1 << 5000, 'integer of 5,001 bits'), (ONES.untyped_storage(), 'a UntypedStorage')]
)
def test_values_that_no_reader_gives_today(value, complaint):
    with pytest.raises(CheckpointError, match=complaint):
        contents.check_contents({'meta': [value]}, 'a.pth')


def test_attributes_of_tensors_are_dropped():
    weight = nn.Parameter(ONES.clone())
    weight.copy_ = 'not a method'
    contents.check_contents({'w': weight}, 'a.pth')
    assert callable(weight.copy_)
