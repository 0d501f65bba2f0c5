"""Detectors train in the same loop as methods: exactly restartable, by iterations, on several processes."""

import math
from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope
from mmpretrain.models import ResNet

from sslrecipes.checkpoint.coverage import compare
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.commands.replay import replay
from sslrecipes.commands.train import verify_transfer
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, RunError

PRETRAINED = ResNet(18, stem_channels=8, base_channels=8)


@pytest.mark.parametrize('workers', [0, 2])
def test_killed_and_resumed_detector_equals_the_one_left_alone(workers, mask_rcnn, restarting):
    mask_rcnn.train_dataloader.update(num_workers=workers)
    outcome = restarting.kill_and_resume(mask_rcnn, kills=4, seed=workers, steps=20)
    assert outcome.difference == 0.0, outcome.positions


def test_killed_after_each_micro_batch_a_detector_stops_early_as_if_left_alone(mask_rcnn, restarting):
    """Epochs of eight micro-batches, steps of three; no score rises by one, so the third validation is the last."""
    mask_rcnn.train_dataloader.dataset.indices = 16
    mask_rcnn.optim_wrapper.accumulative_counts = 3
    mask_rcnn.train_cfg.val_interval = 3
    mask_rcnn.default_hooks.checkpoint.interval_iters = 1
    early = dict(monitor='coco/bbox_mAP', rule='greater', min_delta=1, patience=2)
    mask_rcnn.custom_hooks = [dict(type='sslrecipes.EarlyStoppingHook', **early)]
    assert restarting.kill_everywhere(mask_rcnn, micro_batches=11) == 0.0
    assert CheckpointStore(f'{mask_rcnn.work_dir}/killed').newest_good()[0].name == 'epoch_1_iter_11.pth'


def watched(cfg):
    """Train, and return the runner, the iterations after which it validated, and the modes of the steps."""
    runner = SSLRunner.from_cfg(cfg)
    validated, modes = [], []
    original = runner.call_hook

    def watch(name, **kwargs):
        if name == 'before_val_epoch':
            validated.append(runner.iter)
        if name == 'before_train_iter':
            modes.append(runner.model.training)
        original(name, **kwargs)

    runner.call_hook = watch
    runner.train()
    return runner, validated, modes


def test_iterations_count(mask_rcnn):
    runner, validated, modes = watched(mask_rcnn)
    assert (runner.epoch, runner.iter, runner.max_epochs, runner.max_iters) == (1, 20, 2, 20)
    assert validated == [7, 14, 20]
    assert modes == [True] * 20
    assert CheckpointStore(mask_rcnn.work_dir).newest_good()[0].name == 'epoch_1_iter_20.pth'


def test_validation_waits_for_the_end_of_an_accumulated_step(mask_rcnn):
    mask_rcnn.train_dataloader.dataset.indices = 22  # eleven batches, of which the last one trains nothing
    mask_rcnn.optim_wrapper.accumulative_counts = 2
    mask_rcnn.train_cfg.val_interval = 3
    _, validated, _ = watched(mask_rcnn)
    assert validated == [4, 6, 10, 13, 15, 19, 20]


@pytest.mark.parametrize('place', ['train_dataloader', 'train_dataloader.batch_sampler'])
def test_an_unknown_number_of_batches_is_refused(place, mask_rcnn):
    mask_rcnn.merge_from_dict({f'{place}.drop_last': True})
    with pytest.raises(ConfigError, match='drop_last'):
        SSLRunner.from_cfg(mask_rcnn).train()


def test_resumed_runs_have_nothing_to_verify(mask_rcnn, caplog):
    mask_rcnn.train_cfg.max_iters = 3
    SSLRunner.from_cfg(mask_rcnn).train()
    mask_rcnn.update(resume=True, log_level='WARNING', transfer=dict(checkpoint='gone.pth', part='student'))
    mask_rcnn.accept_changes = True
    runner = SSLRunner.from_cfg(mask_rcnn)
    runner.logger.addHandler(caplog.handler)
    verify_transfer(runner)
    assert 'Nothing to verify' in caplog.text


def test_a_checkpoint_that_is_verified_is_read_and_compared_once(mask_rcnn, tmp_path, calls):
    state = {f'backbone.{name}': value for name, value in PRETRAINED.state_dict().items()}
    mask_rcnn.transfer.checkpoint = str(save_torch(tmp_path / 'epoch_1.pth', {'state_dict': state}))
    runner = SSLRunner.from_cfg(mask_rcnn)
    done = calls(read_checkpoint, compare)
    verify_transfer(runner)
    runner._init_model_weights()  # as training does
    assert done == {'read_checkpoint': 1, 'compare': 1}
    assert torch.equal(runner.model.backbone.conv1.weight, state['backbone.conv1.weight'])


class Poison(Hook):
    """Spoil the weights before the third step."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 2:
            runner.model.backbone.conv1.weight.data.fill_(float('nan'))


def test_a_step_that_is_not_finite_can_be_replayed(mask_rcnn):
    runner = SSLRunner.from_cfg(mask_rcnn)
    runner.register_hook(Poison())
    with pytest.raises(RunError, match='replay'):
        runner.train()
    (path,) = Path(mask_rcnn.work_dir).glob('nonfinite/*')
    result = replay(path)
    assert result.reproduced
    assert all(map(math.isnan, result.finding.losses))
    assert str(result.watch.first_output).startswith('backbone.conv1')
    assert result.micro_batches[0].batch['data_samples'][0].gt_instances.bboxes.tensor.shape == (2, 4)


def test_batches_have_one_orientation_and_every_image_comes_once(mask_rcnn):
    with DefaultScope.overwrite_default_scope('mmdet'):
        loader = SSLRunner.build_dataloader(mask_rcnn.train_dataloader, seed=0)
    loader.batch_sampler.sampler.set_epoch(0)
    shapes, names = [], []
    for batch in loader:
        shapes.append({sample.ori_shape[0] > sample.ori_shape[1] for sample in batch['data_samples']})
        names += [sample.img_path for sample in batch['data_samples']]
    assert all(len(orientations) == 1 for orientations in shapes)
    assert len(set(names)) == len(names) == 24


class LeftError(Exception):
    """A run was left."""


class Leave(Hook):
    """Write a checkpoint after the ninth step, in mid-epoch, and leave."""

    priority = 'LOWEST'

    def after_optimizer_step(self, runner):
        if runner.iter == 9:
            runner.save_here()
            raise LeftError


def on_rank(cfg, rank, world):
    """What a run ends with, the same of one that was left and resumed, its parameters, and the first loaded one."""
    cfg.launcher = 'pytorch'
    cfg.env_cfg.dist_cfg.backend = 'gloo'
    folder, ends = cfg.work_dir, []
    for name in ('alone', 'left'):
        cfg.work_dir, cfg.resume = f'{folder}/{name}', False
        runner = SSLRunner.from_cfg(cfg)
        if name == 'left':
            runner.register_hook(Leave())
            with pytest.raises(LeftError):
                runner.train()
            cfg.resume = True
            runner = SSLRunner.from_cfg(cfg)
        runner.train()
        ends.append(torch.cat([value.flatten().double() for value in runner.model.module.state_dict().values()]))
    started = SSLRunner.from_cfg(Config({**cfg.to_dict(), 'resume': False, 'work_dir': f'{folder}/third'}))
    started._init_model_weights()
    parameters = torch.cat([parameter.detach().flatten() for parameter in runner.model.parameters()])
    first = started.model.module.backbone.conv1.weight
    return [value.detach().numpy() for value in (*ends, parameters, first)]


def test_two_processes_train_from_a_checkpoint_and_resume_exactly(mask_rcnn, run_ranks, tmp_path):
    mask_rcnn.val_dataloader = mask_rcnn.val_cfg = mask_rcnn.val_evaluator = None
    mask_rcnn.train_cfg.max_iters = 14  # the run that is left in the second epoch goes on to the third
    pretrained = PRETRAINED.state_dict()
    state = {f'backbone.{name}': value for name, value in pretrained.items()}
    mask_rcnn.transfer.checkpoint = str(save_torch(tmp_path / 'epoch_1.pth', {'state_dict': state}))
    for alone, left, parameters, first in (ranks := run_ranks(partial(on_rank, mask_rcnn))):
        assert (alone == left).all()
        assert (parameters == ranks[0][2]).all()
        assert torch.equal(torch.from_numpy(first), pretrained['conv1.weight'])


def test_a_detector_for_another_number_of_classes_is_refused(mask_rcnn):
    mask_rcnn.model.roi_head.bbox_head.num_classes = 80
    with pytest.raises(
        ConfigError, match=r'bbox_head\.num_classes is 80, but the data of train_dataloader has 2 classes'
    ):
        SSLRunner.from_cfg(mask_rcnn).train()
