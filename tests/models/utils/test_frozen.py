import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from sslrecipes.models.utils.frozen import keep_out_of_checkpoints


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.student = nn.Linear(2, 2)
        self.base = nn.Linear(2, 2)
        keep_out_of_checkpoints(self, 'base')


def test_child_is_neither_saved_nor_missed():
    net, other = Net(), Net()
    assert set(net.state_dict()) == {'student.weight', 'student.bias'}
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.student.weight, net.student.weight)
    assert not torch.equal(other.base.weight, net.base.weight)
    load_state_dict(Net(), net.state_dict(), strict=True)


def test_other_missing_weights_are_still_an_error():
    net = Net()
    with pytest.raises(RuntimeError, match=r'student\.bias'):
        net.load_state_dict({'student.weight': net.student.weight})


def test_works_below_another_module():
    outer = nn.Sequential(Net())
    assert set(outer.state_dict()) == {'0.student.weight', '0.student.bias'}
    outer.load_state_dict(outer.state_dict())
