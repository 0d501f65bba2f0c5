import pytest
import torch
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.models.necks import MLPNeck


def kinds(neck):
    return [type(layer).__name__ for layer in neck.mlp]


def test_layers_of_the_papers():
    assert kinds(MLPNeck(4, 6, 3)) == ['Linear', 'ReLU', 'Linear']
    assert kinds(MLPNeck(4, 6, 3, with_bn=True)) == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    simsiam = MLPNeck(4, 6, 3, num_layers=3, with_bn=True, bias=False, last_norm='plain', train_last_bias=False)
    assert kinds(simsiam) == ['Linear', 'BatchNorm1d', 'ReLU'] * 2 + ['Linear', 'BatchNorm1d']
    linears = [layer for layer in simsiam.mlp if isinstance(layer, nn.Linear)]
    assert [layer.bias is None for layer in linears] == [True, True, False]
    assert not linears[-1].bias.requires_grad
    assert linears[-1].weight.requires_grad
    assert not list(simsiam.mlp[-1].parameters())
    assert MLPNeck(4, 6, 3, last_norm='affine').mlp[-1].weight is not None


def test_biases_stay_where_no_norm_follows():
    assert MLPNeck(4, 6, 3, bias=False).mlp[0].bias is not None


@pytest.mark.parametrize('layers', [1, 2, 3])
def test_no_bias_at_all(layers):
    neck = MLPNeck(4, 6, 3, num_layers=layers, with_bn=True, bias=False, last_bias=False, train_last_bias=False)
    linears = [layer for layer in neck.modules() if isinstance(layer, nn.Linear)]
    assert [layer.bias for layer in linears] == [None] * layers


def test_a_single_layer():
    neck = MLPNeck(4, 6, 3, num_layers=1)
    assert isinstance(neck.mlp, nn.Linear)
    assert neck(torch.zeros(2, 4)).shape == (2, 3)
    assert kinds(MLPNeck(4, 6, 3, num_layers=1, last_norm='plain')) == ['Linear', 'BatchNorm1d']


def test_an_unknown_last_norm_is_refused():
    with pytest.raises(ConfigError, match=r"last_norm is 'batch', but must be None or 'affine' or 'plain'"):
        MLPNeck(4, 6, 3, last_norm='batch')
