from itertools import islice

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from torch import nn

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS
from sslrecipes.transfer.precise_bn import PreciseBNHook, measured, trained_batch_norms


@MODELS.register_module(force=True)
class NormedToy(BaseModel):
    """A classifier of nothing, with randomness of its own, and one norm that nothing passes."""

    def __init__(self, data_preprocessor):
        super().__init__(data_preprocessor=data_preprocessor)
        self.norm, self.idle, self.out = nn.BatchNorm2d(3), nn.BatchNorm2d(2), nn.Linear(3, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        assert mode == 'loss'
        noise = 1 + torch.rand(len(inputs), 3, 1, 1)
        return dict(loss=self.out((self.norm(inputs) * noise).relu().mean((2, 3))).square().mean())


@pytest.fixture
def toy(mae_on_digits):
    """Config of 10 iterations on 4 batches of whole digits, validated after 4, 8 and 10."""
    cfg = mae_on_digits
    cfg.model = dict(
        type='NormedToy', data_preprocessor=dict(type='SelfSupDataPreprocessor', **cfg.model.data_preprocessor)
    )
    cfg.train_dataloader.dataset.pipeline = [dict(type='PackInputs')]
    cfg.optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    cfg.param_scheduler = None
    cfg.train_cfg = dict(type='SSLIterTrainLoop', max_iters=10, val_interval=4)
    cfg.default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=0, interval_iters=3, max_keep_ckpts=2))
    cfg.custom_hooks = [dict(type='PreciseBNHook', num_batches=4)]
    return cfg


def stream(rng):
    return [rng.normal(3, 2, (size, 3, 4, side)).astype(np.float32) for size, side in ((2, 5), (7, 3), (1, 8))]


def population(batches):
    values = np.concatenate(
        [batch.transpose(1, 0, 2, 3).reshape(batch.shape[1], -1) for batch in batches], axis=1
    ).astype(float)
    return values.mean(axis=1), values.var(axis=1)


def measure(batches, norm):
    with torch.no_grad(), measured([norm]):
        for batch in batches:
            norm(torch.from_numpy(batch))
    return norm.running_mean.double().numpy(), norm.running_var.double().numpy()


def test_statistics_are_those_of_the_whole_stream():
    batches = stream(np.random.default_rng(0))
    norm = nn.BatchNorm2d(3)
    norm(torch.randn(4, 3, 2, 2))
    mean, var = measure(batches, norm)
    expected_mean, expected_var = population(batches)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-6)
    np.testing.assert_allclose(var, expected_var, rtol=1e-6)
    assert norm.num_batches_tracked == 1
    assert not norm._forward_pre_hooks


def on_rank(rank, world):
    join_process_group('pytorch')
    return measure(stream(np.random.default_rng(rank))[: 3 - rank], nn.BatchNorm2d(3))


def test_statistics_are_those_of_all_processes(run_ranks):
    expected = population(stream(np.random.default_rng(0))[:3] + stream(np.random.default_rng(1))[:2])
    for of_rank in run_ranks(on_rank):
        np.testing.assert_allclose(of_rank, expected, rtol=1e-6)


def test_only_norms_that_use_batch_statistics_count():
    model = nn.Sequential(nn.BatchNorm2d(1), nn.BatchNorm2d(1).eval(), nn.BatchNorm2d(1, track_running_stats=False))
    assert trained_batch_norms(model) == [model[0]]


def test_hook_measures_the_training_set_and_leaves_training_alone(toy):
    plain = toy.copy()
    plain.update(custom_hooks=[], work_dir=f'{toy.work_dir}-plain')
    with_hook, without = (SSLRunner.from_cfg(cfg).train() for cfg in (toy, plain))
    for measured_one, other in zip(with_hook.parameters(), without.parameters(), strict=True):
        assert torch.equal(measured_one, other)

    dataset = SSLRunner.build_dataloader(plain.train_dataloader, seed=0).dataset
    pixels = np.stack([dataset[index]['inputs'].numpy() for index in range(64)]).astype(float)
    mean, var = population([(pixels - 127.5) / 127.5])
    np.testing.assert_allclose(with_hook.norm.running_mean, mean, rtol=1e-5)
    np.testing.assert_allclose(with_hook.norm.running_var, var, rtol=1e-5)
    assert (without.norm.running_mean - with_hook.norm.running_mean).abs().max() > 1e-3
    assert torch.equal(with_hook.idle.running_mean, torch.zeros(2))


def test_checkpoints_hold_what_was_measured_and_resume_exactly(toy, restarting):
    toy.train_dataloader.dataset.pipeline.insert(0, dict(type='RandomFlip', prob=0.5))
    toy.custom_hooks[0].num_batches = 2
    outcome = restarting.kill_and_resume(toy, kills=1, seed=3)  # before the eighth step
    assert outcome.difference == 0.0, outcome.positions


def test_validations_by_epoch_are_refused(toy):
    toy.train_cfg = dict(type='SSLTrainLoop', max_epochs=2)
    with pytest.raises(ConfigError, match='SSLIterTrainLoop'):
        SSLRunner.from_cfg(toy).train()


def test_detector_is_measured_as_it_trains(mask_rcnn):
    mask_rcnn.train_cfg.update(max_iters=2, val_interval=2)
    mask_rcnn.custom_hooks = [dict(type='sslrecipes.PreciseBNHook', num_batches=3)]
    for phase in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        mask_rcnn.pop(phase)
    runner = SSLRunner.from_cfg(mask_rcnn)
    model = runner.train()
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, PreciseBNHook))
    batches = [model.data_preprocessor(batch, True)['inputs'] for batch in islice(hook._loader(runner), 3)]
    with torch.no_grad():
        mean, var = population([model.backbone.conv1(batch).numpy() for batch in batches])
    np.testing.assert_allclose(model.backbone.bn1.running_mean, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.backbone.bn1.running_var, var, rtol=1e-4)
    assert model.backbone.bn1.num_batches_tracked == 2
