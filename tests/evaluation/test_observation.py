import pytest
import torch
from mmengine.model import BaseModule
from torch import nn

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.evaluation.observation import Observation, pooled_features
from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.utils.observed import Observed
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)


class Neck(Observed, BaseModule):
    def forward(self, x):
        self.show('embedding', x)
        self.show('assignment', x.softmax(dim=1))
        return x


def method(neck):
    model = nn.Module()
    model.backbone, model.neck, model.teacher = nn.Linear(4, 6), neck, MomentumNetwork(neck=Neck())
    return model


def forward(model, rows):
    model.teacher.get_submodule('neck')(torch.full((rows, 6), 7.0))
    return model.neck(model.backbone(torch.randn(rows, 4)))


def test_sees_what_modules_show_but_not_the_teacher():
    model = method(Neck())
    observation = Observation(model, limit=5)
    forward(model, 3)
    assert observation.embeddings is None
    observation.open()
    first, second = forward(model, 3), forward(model, 3)
    observation.close()
    forward(model, 3)
    assert torch.equal(observation.embeddings, torch.cat([first, second])[:5])
    assert torch.equal(observation.assignments, torch.cat([first, second])[:5].softmax(dim=1))
    assert not observation.embeddings.requires_grad
    observation.forget()
    assert observation.embeddings is observation.assignments is None


def test_few_rows_of_many_prototypes(monkeypatch):
    monkeypatch.setattr('sslrecipes.evaluation.observation.MAX_VALUES', 20)
    model = method(Neck())
    observation = Observation(model, limit=5)
    observation.open()
    forward(model, 8)
    assert len(observation.embeddings) == 5
    assert len(observation.assignments) == 3


def test_falls_back_on_the_backbone():
    model = method(nn.Identity())
    observation = Observation(model, limit=5)
    observation.open()
    output = forward(model, 4)
    observation.close()
    forward(model, 4)
    assert torch.equal(observation.embeddings, output)
    assert observation.assignments is None
    assert not model.backbone._forward_hooks


def test_nothing_to_see():
    assert not Observation(nn.Identity(), limit=5).possible


@pytest.mark.parametrize('vit', ['MaskedViT', 'TECViT'])
def test_visible_patches_of_masked_images(vit):
    backbone = MODELS.build(dict(type=vit, arch=ARCH, img_size=8, patch_size=2, out_type='raw'))
    images = torch.randn(3, 3, 8, 8)
    masked, whole = backbone(images), backbone(images, mask=False)
    latent = masked[0][-1] if vit == 'TECViT' else masked[0]
    assert latent.shape == (3, 5, 16)
    assert torch.equal(pooled_features(backbone, masked), latent[:, 1:].mean(dim=1))
    assert torch.equal(pooled_features(backbone, masked, pool='auto'), latent[:, 0])
    assert torch.equal(pooled_features(backbone, whole), whole[-1][:, 1:].mean(dim=1))


def test_last_stage_of_a_convolutional_network():
    backbone = MODELS.build(dict(type='ResNet', depth=18, out_indices=(2, 3)))
    output = backbone(torch.randn(2, 3, 32, 32))
    assert torch.equal(pooled_features(backbone, output), output[-1].mean(dim=(2, 3)))
