import pytest
import torch
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.models.methods import PartlyTrainedClassifier
from sslrecipes.registry import MODELS

CLASSES = 3


def classifier(trained=('layer4', 'head')):
    return MODELS.build(
        dict(
            type='PartlyTrainedClassifier',
            trained=trained,
            backbone=dict(type='ResNet', depth=18, base_channels=4, stem_channels=4, zero_init_residual=False),
            neck=dict(type='GlobalAveragePooling'),
            head=dict(type='LinearClsHead', num_classes=CLASSES, in_channels=32),
            data_preprocessor=dict(mean=[0.0] * 3, std=[1.0] * 3),
        )
    )


def test_some_parts_learn():
    model = classifier()
    learning = {name for name, param in model.named_parameters() if param.requires_grad}
    assert learning == {name for name, _ in model.named_parameters() if name.startswith(('backbone.layer4.', 'head.'))}
    assert any(name.startswith('backbone.layer4.0.bn') for name in learning)


def test_what_is_not_named_is_frozen_outside_of_the_backbone_too():
    learning = {name for name, param in classifier(['layer4']).named_parameters() if param.requires_grad}
    assert learning
    assert all(name.startswith('backbone.layer4.') for name in learning)


def test_all_of_it_is_in_training_mode_but_when_it_is_judged():
    model = classifier()
    assert all(part.training for part in model.train().modules())
    assert not any(part.training for part in model.eval().modules())
    assert isinstance(model, PartlyTrainedClassifier)
    assert {type(part) for part in model.modules()} >= {nn.BatchNorm2d, nn.Linear}


@pytest.mark.parametrize('name', ['layer5', 'fc'])
def test_a_part_that_is_not_there_is_named(name):
    with pytest.raises(ConfigError, match=rf'^model\.trained: there is no "{name}" in the model\.'):
        classifier(('head', name))


@pytest.mark.parametrize('trained', [(), 'head', None])
def test_parts_are_a_list_of_some(trained):
    with pytest.raises(ConfigError, match=r'^model\.trained is .*, but must be a list with the name of at least one'):
        classifier(trained)


def test_nothing_frozen_has_a_gradient():
    model = classifier().train()
    model(torch.rand(2, 3, 32, 32)).sum().backward()
    assert {param.grad is not None for param in model.backbone.layer4.parameters()} == {True}
    assert {param.grad for param in model.backbone.layer3.parameters()} == {None}
