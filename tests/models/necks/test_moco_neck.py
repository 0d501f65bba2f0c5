import torch

from sslrecipes.models.necks import MoCoNeck


def test_layers():
    neck = MoCoNeck(in_channels=6, hidden_channels=8, out_channels=4)
    assert set(neck.state_dict()) == {'mlp.0.weight', 'mlp.0.bias', 'mlp.2.weight', 'mlp.2.bias'}
    rows = neck(torch.randn(7, 6))
    assert rows.shape == (7, 4)
    assert (rows.norm(dim=1) - 1).abs().max() > 1e-3


def test_initial_weights():
    neck = MoCoNeck(in_channels=64, hidden_channels=128, out_channels=64)
    neck.init_weights()
    for layer in (neck.mlp[0], neck.mlp[2]):
        assert abs(layer.weight.std().item() - 0.02) < 0.001
        assert not layer.bias.any()
