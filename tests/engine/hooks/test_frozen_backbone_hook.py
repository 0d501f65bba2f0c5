import logging
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from sslrecipes.engine.hooks import FrozenBackboneHook
from sslrecipes.errors import RunError


@pytest.fixture
def runner():
    model = nn.ModuleDict(dict(backbone=nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)), head=nn.Linear(4, 2)))
    return SimpleNamespace(model=model, logger=logging.getLogger('frozen'))


@pytest.fixture
def hook(runner):
    hook = FrozenBackboneHook()
    hook.before_train(runner)
    return hook


def test_a_backbone_that_stays_is_told_once(hook, runner, caplog):
    nn.init.zeros_(runner.model.head.weight)
    with caplog.at_level(logging.INFO):
        hook.after_train_epoch(runner)
        hook.after_train_epoch(runner)
    assert caplog.messages == ['All 7 tensors of the backbone are as they were before the first epoch.']


@pytest.mark.parametrize('tensor', ['0.weight', '1.running_mean', '1.num_batches_tracked'])
def test_a_change_of_any_tensor_ends_the_run(hook, runner, tensor):
    value = runner.model.backbone.state_dict()[tensor]
    value.view(-1)[0] += 1
    with pytest.raises(RunError, match=rf'1 tensor of 7 changed .* "backbone\.{tensor}"'):
        hook.after_train_epoch(runner)


def test_batch_norms_in_training_mode_are_caught(hook, runner):
    runner.model.requires_grad_(False)
    runner.model.backbone(torch.randn(8, 3, 2, 2))
    with pytest.raises(RunError, match='3 tensors of 7'):
        hook.after_train_epoch(runner)
