"""Detectors train in the same loop as methods: exactly restartable, by iterations, on several processes."""

from functools import partial

import pytest
import torch
from mmengine.registry import DefaultScope

from sslrecipes.checkpoint.store import CheckpointStore
from sslrecipes.engine.runner import SSLRunner


@pytest.mark.parametrize('workers', [0, 2])
def test_killed_and_resumed_detector_equals_the_one_left_alone(workers, mask_rcnn, restarting):
    mask_rcnn.train_dataloader.update(num_workers=workers)
    outcome = restarting.kill_and_resume(mask_rcnn, kills=4, seed=workers)
    assert outcome.difference == 0.0, outcome.positions


def test_iterations_count(mask_rcnn):
    runner = SSLRunner.from_cfg(mask_rcnn)
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
    assert (runner.epoch, runner.iter, runner.max_epochs, runner.max_iters) == (1, 20, 2, 20)
    assert validated == [7, 14, 20]
    assert modes == [True] * 20
    assert CheckpointStore(mask_rcnn.work_dir).newest_good()[0].name == 'epoch_1_iter_20.pth'


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


def on_rank(cfg, rank, world):
    cfg.launcher = 'pytorch'
    cfg.env_cfg.dist_cfg.backend = 'gloo'
    runner = SSLRunner.from_cfg(cfg)
    runner.train()
    model = runner.model.module
    assert runner.iter == 20
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).double().sum().item()


def test_two_processes_train_one_detector(mask_rcnn, run_ranks):
    mask_rcnn.val_dataloader = mask_rcnn.val_cfg = mask_rcnn.val_evaluator = None
    sums = run_ranks(partial(on_rank, mask_rcnn))
    assert sums[0] == sums[1]
