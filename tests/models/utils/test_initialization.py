import torch
from torch import nn

from sslrecipes.models.utils.initialization import loads_pretrained, normal_init, xavier_init


def test_linear_and_norm_layers_are_reset():
    net = nn.Sequential(nn.Linear(64, 192), nn.LayerNorm(192))
    for param in net.parameters():
        nn.init.constant_(param, 3.0)
    xavier_init(net)
    bound = (6 / (64 + 192)) ** 0.5
    assert net[0].weight.abs().max() <= bound
    assert net[0].weight.std() > 0.4 * bound
    assert not net[0].bias.any()
    assert torch.equal(net[1].weight, torch.ones(192))
    assert not net[1].bias.any()


def test_linear_layers_become_normal():
    net = nn.Sequential(nn.Linear(64, 192), nn.Linear(192, 64, bias=False), nn.LayerNorm(64))
    for param in net.parameters():
        nn.init.constant_(param, 3.0)
    normal_init(net, std=0.02)
    assert all(0.018 < layer.weight.std() < 0.022 for layer in net[:2])
    assert not net[0].bias.any()
    assert torch.equal(net[2].weight, torch.full((64,), 3.0))


def test_pretrained_is_found_alone_and_in_lists():
    assert loads_pretrained(dict(type='Pretrained', checkpoint='x'))
    assert loads_pretrained([dict(type='Xavier'), dict(type='Pretrained', checkpoint='x')])
    assert not loads_pretrained(None)
    assert not loads_pretrained([dict(type='Xavier')])
