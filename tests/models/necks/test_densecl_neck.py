import math

import pytest

from sslrecipes.models.necks import DenseCLNeck


def test_linear_layers_begin_as_he_says_and_convolutions_as_torch_does():
    neck = DenseCLNeck(64, 256, 128)
    neck.init_weights()
    for layer in (neck.mlp[0], neck.mlp[2]):
        assert float(layer.weight.detach().std()) == pytest.approx(math.sqrt(2 / layer.in_features), rel=0.03)
        assert not layer.bias.any()
    for layer in (neck.mlp2[0], neck.mlp2[2]):
        assert float(layer.weight.detach().abs().max()) == pytest.approx(layer.in_channels**-0.5, rel=0.01)
        assert layer.bias.any()
