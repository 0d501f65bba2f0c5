import math

import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.necks.tec_neck import TECPrediction
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=64)
IMAGE = dict(img_size=16, patch_size=4)


def build(relation=True, neck=None, base=None):
    return MODELS.build(
        dict(
            type='TEC',
            backbone=dict(type='TECViT', arch=ARCH, **IMAGE),
            neck=dict(
                type='TECNeck',
                embed_dims=16,
                num_layers=3,
                num_patches=16,
                decoder_embed_dims=8,
                relation=relation,
                **{**dict(decoder_num_heads=2, target_heads=2), **(neck or {})},
            ),
            head=dict(type='TECHead'),
            target_generator={
                **dict(type='TECBaseModel', arch=ARCH, topk=3, relation=relation, **IMAGE),
                **(base or {}),
            },
        )
    )


def test_base_model_is_outside_checkpoints_and_gradients():
    model = build().train()
    assert not any(name.startswith('target_generator') for name in model.state_dict())
    sum(model.loss(torch.randn(2, 3, 16, 16)).values()).backward()
    assert all(param.grad is None for param in model.target_generator.parameters())
    assert not model.target_generator.training


def test_every_trained_parameter_gets_a_gradient():
    for relation in (True, False):
        model = build(relation)
        sum(model.loss(torch.randn(2, 3, 16, 16)).values()).backward()
        unused = [name for name, param in model.named_parameters() if param.requires_grad and param.grad is None]
        assert not unused


@pytest.mark.parametrize('relation', [True, False])
def test_predicting_the_mean_costs_the_trivial_loss(relation):
    model = build(relation)
    targets = model.target_generator(torch.randn(2, 3, 16, 16))
    relations = torch.zeros_like(targets.relation) if relation else None
    constant = TECPrediction(torch.zeros_like(targets.feature), relations)
    losses = model.head.loss(constant, targets, torch.ones(2, 16))
    losses['loss_fea'] *= 16 / 15  # the variance is the unbiased one
    assert sum(losses.values()).item() == pytest.approx(model.head.trivial_loss, rel=1e-4)
    assert model.head.trivial_loss == pytest.approx(1 + relation * math.log(16))
    total, logged = model.parse_losses(losses)
    assert ('target_entropy' in logged) == relation
    assert total == sum(losses.values())
    if relation:  # a perfect prediction costs what is left
        perfect = TECPrediction(constant.feature, targets.relation / model.head.relation_temperature)
        costs = model.head.loss(perfect, targets, torch.ones(2, 16))['loss_att']
        torch.testing.assert_close(logged['target_entropy'], costs)
        assert costs < losses['loss_att']
    model.head.normalize_target = False
    assert model.head.trivial_loss is None


def test_features_see_the_whole_image():
    images = torch.randn(2, 3, 16, 16, requires_grad=True)
    (tokens,) = build().extract_feat(images)
    assert tokens.shape == (2, 17, 16)
    tokens[:, 0].square().sum().backward()
    assert images.grad.abs().amin() > 0, 'the class token has not seen every pixel'


@pytest.mark.parametrize(
    ('parts', 'message'),
    [
        (dict(neck=dict(target_heads=4)), r'neck\.target_heads is 4, .* need 2'),
        (dict(neck=dict(target_dims=8)), r'neck\.target_dims is 8, .* need 16'),
        (dict(neck=dict(num_groups=2)), r'num_groups=2'),
        (dict(base=dict(relation=False)), r'neck\.relation is True, .* need False'),
        (dict(base=dict(last_layers=4)), r'last_layers is 4'),
        (dict(base=dict(topk=17)), r'topk is 17'),
    ],
)
def test_parts_that_do_not_fit_are_named(parts, message):
    with pytest.raises(ConfigError, match=message):
        build(**parts)
