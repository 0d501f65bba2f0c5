"""The ResNets without conv5 of S3L: names, shapes, sizes, features, and the projection of MoCo behind them."""

import re
from pathlib import Path

import pytest
import torch

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.config.reading import read_config
from sslrecipes.models.methods.feature_model import pool_features
from sslrecipes.registry import MODELS

BASE = Path(__file__).parents[2] / 'configs/_base_/models/s3l/noconv5.py'


@pytest.mark.golden('s3l/custom_resnet')
def test_networks_without_conv5(case):
    for name, expected in numbered(case, r'custom_resnet(\d+)'):
        backbone = MODELS.build(without_conv5(name))
        backbone.eval()
        assert shapes(backbone.state_dict()) == expected['keys']
        assert size(backbone) == expected['backbone_params_without_fc']
        assert size(backbone, torch.nn.Linear(backbone.feat_dim, 1000)) == expected['params_with_1000_class_fc']
        for side, features in expected['feature_shapes'].items():
            with torch.no_grad():
                outputs = backbone(torch.zeros(1, 3, int(side), int(side)))
            assert list(outputs[-1].shape) == features['layer3']
            assert list(pool_features(outputs[-1], 'auto', 0).shape) == features['pooled']


@pytest.mark.golden('s3l/custom_resnet')
def test_mocos_projection_behind_them(case):
    for name, expected in numbered(case, r'custom_resnet(\d+)'):
        official = expected['moco_fc_keys']
        (size_fact,) = (fact for fact in expected if re.fullmatch(r'moco_encoder_q_params_mlp_dim\d+', fact))
        hidden, width = official['fc.0.weight']
        neck = dict(type='MoCoNeck', in_channels=width, hidden_channels=hidden, out_channels=official['fc.2.bias'][0])
        head = dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=neck['out_channels'], queue_length=4)
        model = MODELS.build(dict(type='MoCo', backbone=without_conv5(name), neck=neck, head=head))
        assert width == model.backbone.feat_dim
        assert size(model.backbone, model.neck) == expected[size_fact]
        theirs = KEYMAPS['moco'].to_official(model.state_dict())
        assert shapes(theirs, 'encoder_q.') == expected['keys'] | official


@pytest.mark.golden('s3l/custom_resnet')
def test_the_whole_network_beside_them(case):
    for depth, expected in numbered(case, r'torchvision_resnet(\d+)_for_comparison'):
        backbone = MODELS.build(dict(type='ResNet', depth=depth, zero_init_residual=False))
        assert size(backbone) == expected['backbone_params_without_fc']
        assert size(backbone.layer4) == expected['layer4_params']


def numbered(case, pattern):
    """Depth of each network whose name fits, and what the case says of it."""
    found = [(re.fullmatch(pattern, name), facts) for name, facts in case.meta['models'].items()]
    return [(int(match[1]), facts) for match, facts in found if match]


def without_conv5(depth):
    return dict(type='ResNet', depth=depth, zero_init_residual=False, **read_config(BASE).noconv5)


def size(*modules):
    return sum(param.numel() for module in modules for param in module.parameters())


def shapes(state, prefix=''):
    return {name.removeprefix(prefix): list(value.shape) for name, value in state.items() if name.startswith(prefix)}
