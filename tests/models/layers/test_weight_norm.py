import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from sslrecipes.models.layers.weight_norm import WeightNormLinear


def test_computes_what_torch_computes():
    layer, reference = WeightNormLinear(5, 7), weight_norm(nn.Linear(5, 7, bias=False))
    nn.init.uniform_(layer.weight_g, 0.5, 2)
    original = reference.parametrizations.weight
    original.original0.data.copy_(layer.weight_g)
    original.original1.data.copy_(layer.weight_v)
    x = torch.randn(3, 2, 5)
    for network in (layer, reference):
        network(x).square().sum().backward()
    torch.testing.assert_close(layer(x), reference(x))
    torch.testing.assert_close(layer.weight_g.grad, original.original0.grad)
    torch.testing.assert_close(layer.weight_v.grad, original.original1.grad)


def test_starts_like_a_linear_layer_with_gain_1():
    layer = WeightNormLinear(16, 4000)
    assert set(layer.state_dict()) == {'weight_g', 'weight_v'}
    assert layer.weight_g.eq(1).all()
    assert 0.249 < layer.weight_v.abs().max() <= 0.25  # 1 / sqrt(16)
    assert abs(layer.weight_v.std() - 0.25 / 3**0.5) < 1e-3  # uniform


def test_gain_may_be_fixed():
    layer = WeightNormLinear(5, 7, train_gain=False)
    layer(torch.randn(2, 5)).sum().backward()
    assert layer.weight_g.grad is None
    assert layer.weight_v.grad is not None
