"""The weights of a whole model, from the checkpoint of another run."""

from types import SimpleNamespace

import pytest
import torch

from sslrecipes.engine.loading import load_model
from sslrecipes.errors import CheckpointError
from sslrecipes.registry import MODELS

NECK = dict(type='MLPNeck', in_channels=64, hidden_channels=16, out_channels=8)
PREDICTOR = dict(in_channels=8, hidden_channels=16, out_channels=8)
HEADS = {
    'MoCo': dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=8, queue_length=16),
    'SimCLR': dict(type='SimCLRHead'),
    'BYOL': dict(type='PredictionHead', predictor=PREDICTOR, distance='squared'),
    'SimSiam': dict(type='PredictionHead', predictor=PREDICTOR, distance='cosine'),
}


def method(name):
    backbone = dict(type='ResNet', depth=18, base_channels=8, stem_channels=8)
    return MODELS.build(dict(type=name, backbone=backbone, neck=NECK, head=HEADS[name]))


def load(model, file):
    runner = SimpleNamespace(model=model, cfg={}, call_hook=lambda *_, **__: None)
    return load_model(runner, str(file), 'cpu', None)


@pytest.mark.parametrize(
    ('earlier', 'later'), [('MoCo', 'SimCLR'), ('BYOL', 'SimSiam'), ('BYOL', 'SimCLR'), ('SimSiam', 'MoCo')]
)
def test_a_stage_of_another_method_is_refused_though_its_weights_may_fit(earlier, later, tmp_path, monkeypatch):
    monkeypatch.setattr('sslrecipes.engine.loading.check_learnt_classes', lambda *_: None)
    torch.save(dict(state_dict=method(earlier).state_dict(), meta={}), tmp_path / 'a.pth')
    with pytest.raises(CheckpointError, match=rf'a\.pth": The file is of {earlier}, the model is {later}: go on with'):
        load(method(later), tmp_path / 'a.pth')


def test_a_stage_of_the_same_method_or_of_one_of_the_readers_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr('sslrecipes.engine.loading.check_learnt_classes', lambda *_: None)
    first, second = method('MoCo'), method('MoCo')
    torch.save(dict(state_dict=first.state_dict(), meta={}), tmp_path / 'a.pth')
    second.__class__ = type('Variant', (type(second),), {})
    load(second, tmp_path / 'a.pth')
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name
