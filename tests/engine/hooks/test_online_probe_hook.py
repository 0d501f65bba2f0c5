import json
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

import sslrecipes.engine  # noqa: F401  registers
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.export.backbone import export_backbone
from sslrecipes.models.heads.online_probe import OnlineProbe


class NoLabels(Hook):
    """Take the labels away."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for sample in data_batch['data_samples']:
            del sample.gt_label


@pytest.fixture
def cfg(mae_on_digits):
    """Four epochs of two optimizer steps, two micro-batches each, with the hook."""
    mae_on_digits.optim_wrapper.accumulative_counts = 2
    mae_on_digits.default_hooks.logger = dict(type='LoggerHook', interval=1)
    mae_on_digits.custom_hooks = [dict(type='OnlineProbeHook')]
    return mae_on_digits


def val_loader():
    return dict(
        dataset=dict(type='Digits', split='val', indices=60, pipeline=[dict(type='PackInputs')]),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        batch_size=40,
        num_workers=0,
    )


def newest(cfg):
    return read_checkpoint(CheckpointStore(cfg.work_dir).newest_good()[0])


def logged(cfg, name):
    lines = next(Path(cfg.work_dir).glob('*/vis_data/scalars.json')).read_text().splitlines()
    return {record['step']: record[name] for record in map(json.loads, lines) if name in record}


def test_method_is_the_same_with_and_without(cfg):
    cfg.custom_hooks[0]['val_dataloader'] = val_loader()
    SSLRunner.from_cfg(cfg).train()
    ours = newest(cfg)
    cfg.update(custom_hooks=[], work_dir=f'{cfg.work_dir}_without')
    SSLRunner.from_cfg(cfg).train()
    others = newest(cfg)
    added = set(ours['state_dict']) - set(others['state_dict'])
    assert {name.split('.')[0] for name in added} == {'online_probe'}
    assert all(torch.equal(value, ours['state_dict'][name]) for name, value in others['state_dict'].items())
    assert len(ours['optimizer']['state']) == len(others['optimizer']['state'])


def test_one_step_per_optimizer_step_on_all_its_micro_batches(cfg, monkeypatch):
    runner = SSLRunner.from_cfg(cfg)
    seen, steps = [], []
    take_step = OnlineProbe.step

    def step(probe, features, labels, *how):
        steps.append((features, labels))
        return take_step(probe, features, labels, *how)

    monkeypatch.setattr(OnlineProbe, 'step', step)
    runner.model.backbone.register_forward_hook(lambda module, _, output: seen.append(output[0][:, 0].detach()))
    runner.train()
    assert len(steps) == 8
    assert all(len(features) == len(labels) == 32 for features, labels in steps)
    assert torch.equal(torch.cat([features for features, _ in steps]), torch.cat(seen))  # the class token


def test_learns_and_classifies_validation_images(cfg):
    cfg.custom_hooks[0].update(val_dataloader=val_loader(), pool='avg')
    cfg.train_dataloader.dataset.update(indices=960)
    cfg.train_dataloader.dataset.pipeline = [dict(type='PackInputs')]
    cfg.model.backbone.mask_ratio = 0.25
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 3
    SSLRunner.from_cfg(cfg).train()
    train, val = logged(cfg, 'probe_top1'), logged(cfg, 'online/probe_top1')
    assert list(val) == [1, 2, 3]
    print(val), 0
    print(val), 0
    assert sum(list(train.values())[-10:]) / 10 > 20  # chance is 10
    assert val[3] > 30
    assert 0 < logged(cfg, 'online/probe_balanced')[3] < logged(cfg, 'online/probe_top5')[3] <= 100


@pytest.mark.parametrize('name', ['epoch_1_iter_6.pth', 'epoch_2.pth'])
def test_goes_on_exactly(cfg, name):
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=2, interval_iters=2)
    SSLRunner.from_cfg(cfg).train()
    whole = newest(cfg)
    for path in CheckpointStore(cfg.work_dir).checkpoints():
        if path.name != name:
            path.unlink()
    cfg.resume = True
    SSLRunner.from_cfg(cfg).train()
    resumed = newest(cfg)
    assert whole['state_dict']['online_probe.velocity'].abs().max() > 0
    assert all(torch.equal(value, resumed['state_dict'][name]) for name, value in whole['state_dict'].items())
    history = 'train/probe_top1'
    assert whole['message_hub']['log_scalars'][history] == resumed['message_hub']['log_scalars'][history]


def test_starts_from_weights_without_probe_and_backbone_is_exported(cfg, tmp_path):
    hooks, cfg.custom_hooks = cfg.custom_hooks, []
    SSLRunner.from_cfg(cfg).train()
    cfg.update(custom_hooks=hooks, work_dir=f'{cfg.work_dir}_next', load_from=str(Path(cfg.work_dir, 'epoch_4.pth')))
    SSLRunner.from_cfg(cfg).train()
    report = export_backbone(Path(cfg.work_dir, 'epoch_4.pth'), tmp_path / 'bare.safetensors')
    exported = read_checkpoint(report.path)['state_dict']
    assert exported
    assert not any('probe' in name for name in exported)


def test_user_mistakes(cfg):
    cases = [
        (dict(pool='mean'), ConfigError, 'pool'),
        (dict(in_channels=12), ConfigError, 'in_channels is 16'),
        (dict(num_classes=3), DataError, 'gt_label'),
    ]
    for wrong, error, message in cases:
        cfg.custom_hooks = [dict(type='OnlineProbeHook', **wrong)]
        with pytest.raises(error, match=message):
            SSLRunner.from_cfg(cfg).train()
    cfg.custom_hooks = [dict(type='OnlineProbeHook')]
    runner = SSLRunner.from_cfg(cfg)
    runner.register_hook(NoLabels())
    with pytest.raises(DataError, match='leave the probe out'):
        runner.train()
    runner = SSLRunner.from_cfg(cfg)
    runner.model.probe = torch.nn.Linear(16, 10)
    with pytest.raises(ConfigError, match='has a joint probe'):
        runner.train()


def test_sets_of_other_classes_are_refused_before_training(cfg):
    cfg.custom_hooks[0]['val_dataloader'] = val_loader()
    cfg.custom_hooks[0]['val_dataloader']['dataset']['metainfo'] = dict(classes=('0', '1', 'zwei', *'3456789'))
    with pytest.raises(DataError, match=r'class 2 is "2" in the train_dataloader and "zwei" in the other'):
        SSLRunner.from_cfg(cfg).train()
    cfg.custom_hooks = [dict(type='OnlineProbeHook', num_classes=11)]
    with pytest.raises(ConfigError, match=r'num_classes is 11, but train_dataloader has 10 classes'):
        SSLRunner.from_cfg(cfg).train()
