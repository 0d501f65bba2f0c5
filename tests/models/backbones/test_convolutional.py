"""The convolutional backbones of SSLight's recipes: official start, and stages for detectors."""

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from sslrecipes.config.reading import read_config
from sslrecipes.registry import MODELS

MODELS_OF_SSLIGHT = Path(__file__).parents[3] / 'configs/_base_/models/sslight'
RESNET = dict(out_indices=(0, 1, 2, 3)), ((64, 4), (128, 8), (256, 16), (512, 32))
STAGES = {
    'dino_resnet18': RESNET,
    'dino_resnet34': RESNET,
    'dino_resnet50': (RESNET[0], ((256, 4), (512, 8), (1024, 16), (2048, 32))),
    'dino_mobilenetv2': (dict(out_indices=(1, 2, 4, 7)), ((24, 4), (32, 8), (96, 16), (1280, 32))),
}


def backbone_of(name, **options):
    return MODELS.build({**read_config(MODELS_OF_SSLIGHT / f'{name}.py').model.backbone, **options})


@pytest.mark.parametrize('name', STAGES)
def test_stages(name):
    options, expected = STAGES[name]
    outputs = backbone_of(name, **options)(torch.zeros(1, 3, 64, 64))
    assert [tuple(output.shape[1:]) for output in outputs] == [(width, 64 // s, 64 // s) for width, s in expected]


@pytest.mark.parametrize('name', ['dino_resnet18', 'dino_resnet50', 'dino_mobilenetv2'])
def test_start(name):
    """Kaiming-normal by fan-out; all norms at 1, those that end a residual branch, too."""
    backbone = backbone_of(name)
    backbone.init_weights()
    for layer in backbone.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = layer.out_channels * math.prod(layer.kernel_size)
            tolerance = 5 / math.sqrt(layer.weight.numel())
            assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / fan_out), rel=tolerance)
            assert layer.bias is None
        elif isinstance(layer, nn.BatchNorm2d):
            assert torch.equal(layer.weight, torch.ones_like(layer.weight))
            assert not layer.bias.any()
