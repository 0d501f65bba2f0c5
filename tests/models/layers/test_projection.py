import pytest
import torch
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.projection import GELU, RELU, hidden_layers, projection


@pytest.mark.parametrize(
    ('num_layers', 'with_bn', 'kinds'),
    [
        (2, False, [nn.Linear, nn.GELU, nn.Linear]),
        (2, True, [nn.Linear, nn.BatchNorm1d, nn.GELU, nn.Linear]),
        (4, False, [*[nn.Linear, nn.GELU] * 3, nn.Linear]),
        (3, True, [*[nn.Linear, nn.BatchNorm1d, nn.GELU] * 2, nn.Linear]),
    ],
)
def test_layers(num_layers, with_bn, kinds):
    mlp = projection(3, 5, 2, num_layers, with_bn, GELU)
    assert [type(layer) for layer in mlp] == kinds
    assert mlp(torch.randn(4, 3)).shape == (4, 2)
    linears = [layer for layer in mlp if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linears] == [
        (3, 5),
        *[(5, 5)] * (num_layers - 2),
        (5, 2),
    ]


def test_a_single_layer_has_no_number():
    assert set(projection(3, 5, 2, 1, True, RELU).state_dict()) == {'weight', 'bias'}


def test_activations_are_configured():
    assert isinstance(hidden_layers(3, 5, 1, False, {'type': 'SiLU'})[-1], nn.SiLU)


def test_no_layers_are_refused():
    with pytest.raises(ConfigError, match=r'at least one layer: num_layers is 0\.'):
        projection(3, 5, 2, 0, False, GELU)
