import pytest
import torch
from torch import nn

from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.errors import ConfigError

CFG = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.05))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.body = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
        self.frozen = nn.Linear(2, 2).requires_grad_(False)


def decays(groups):
    return {id(p): group['weight_decay'] for group in groups for p in group['params']}


def test_one_dimensional_parameters_are_never_decayed():
    net = Net()
    decay = decays(ParamGroupsConstructor(CFG).param_groups(net, 0.1, 0.05))
    assert decay == {
        id(net.cls_token): 0.05,
        id(net.body[0].weight): 0.05,
        id(net.body[0].bias): 0.0,
        id(net.body[1].weight): 0.0,
        id(net.body[1].bias): 0.0,
    }


def test_no_decay_exempts_by_last_name():
    net = Net()
    decay = decays(ParamGroupsConstructor(CFG, dict(no_decay=('cls_token',))).param_groups(net, 0.1, 0.05))
    assert decay[id(net.cls_token)] == 0.0
    assert decay[id(net.body[0].weight)] == 0.05


def test_parameters_of_equal_settings_share_a_group():
    assert len(ParamGroupsConstructor(CFG)(Net()).optimizer.param_groups) == 2


def test_layer_decay_and_scale_multiply():
    net = Net()
    net.get_layer_depth = lambda name: (0 if name.startswith('body') else 2, 3)
    net.param_lr_scale = lambda name: 10.0
    groups = ParamGroupsConstructor(CFG, dict(layer_decay=0.5)).param_groups(net, 0.1, 0.05)
    scale = {id(p): group['lr_scale'] for group in groups for p in group['params']}
    assert scale[id(net.body[0].weight)] == 2.5
    assert scale[id(net.cls_token)] == 10.0
    assert all(group['lr'] == 0.1 * group['lr_scale'] for group in groups)


def test_unknown_option_names_the_nearest():
    with pytest.raises(ConfigError, match='Did you mean "layer_decay"'):
        ParamGroupsConstructor(CFG, dict(layer_decay_rate=0.5))


def test_vectors_have_a_learning_rate_of_their_own():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2, bias=False))
    groups = ParamGroupsConstructor(CFG, dict(vector_lr_scale=0.25)).param_groups(net, 0.4, 0.05)
    scales = {id(param): (group['lr'], group['lr_scale']) for group in groups for param in group['params']}
    for param in net.parameters():
        assert scales[id(param)] == ((0.1, 0.25) if param.ndim == 1 else (0.4, 1.0))


def test_layer_decay_needs_depths():
    with pytest.raises(ConfigError, match='get_layer_depth'):
        ParamGroupsConstructor(CFG, dict(layer_decay=0.5)).param_groups(Net(), 0.1, 0.05)


def test_depthwise_convolutions_are_decayed_unless_told_otherwise():
    net = nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 4, 1), nn.Conv2d(1, 4, 1))
    decay = decays(ParamGroupsConstructor(CFG).param_groups(net, 0.1, 0.05))
    assert [decay[id(conv.weight)] for conv in net] == [0.05, 0.05, 0.05]
    exempting = ParamGroupsConstructor(CFG, dict(no_decay_depthwise=True))
    decay = decays(exempting.param_groups(net, 0.1, 0.05))
    assert [decay[id(conv.weight)] for conv in net[:2]] == [0.0, 0.05]


class Backbone(Net):
    def get_layer_depth(self, name, prefix=''):
        return (1 if name.startswith(prefix) else 2), 3


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.backbone_like = nn.Linear(2, 2)
        self.head = nn.Linear(2, 2)


def test_layer_decay_of_a_detector_is_that_of_its_backbone():
    net = Detector()
    groups = ParamGroupsConstructor(CFG, dict(layer_decay=0.5)).param_groups(net, 0.1, 0.05)
    scale = {id(p): group['lr_scale'] for group in groups for p in group['params']}
    trained = [param for param in net.backbone.parameters() if param.requires_grad]
    assert {scale[id(param)] for param in trained} == {0.5}
    assert {scale[id(param)] for part in (net.head, net.backbone_like) for param in part.parameters()} == {1.0}


def test_layer_decay_names_the_backbone_without_depths():
    net = Detector()
    net.backbone = nn.Linear(2, 2)
    with pytest.raises(ConfigError, match='Linear, the backbone, has none'):
        ParamGroupsConstructor(CFG, dict(layer_decay=0.5)).param_groups(net, 0.1, 0.05)


def test_biases_of_weights_are_decayed_on_demand_and_those_of_norms_never():
    net = Net()
    net.attention = nn.MultiheadAttention(4, 2)
    decay = decays(ParamGroupsConstructor(CFG, dict(decay_bias=True)).param_groups(net, 0.1, 0.05))
    assert decay[id(net.body[0].bias)] == decay[id(net.attention.in_proj_bias)] == 0.05
    assert decay[id(net.body[1].weight)] == decay[id(net.body[1].bias)] == 0.0
