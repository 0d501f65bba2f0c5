"""What tools/train.py and tools/test.py do, called as a user calls them."""

import json
import os
import runpy
import sys
import time
from pathlib import Path

import pytest

from sslrecipes.commands.launch import build_runner
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.remarks import Remark
from sslrecipes.errors import ConfigError
from sslrecipes.paths.ownership import claim

TOOLS = Path(__file__).parents[2] / 'tools'
DIGITS_CONFIG = """
_base_ = ['sslrecipes::_base_/default_runtime.py']
arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
data_preprocessor = dict(type='SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True)
model = dict(
    type='MAE',
    backbone=dict(type='MaskedViT', arch=arch, img_size=8, patch_size=2),
    neck=dict(type='MAEDecoder', num_patches=16, patch_size=2, embed_dim=16, decoder_embed_dim=8, decoder_depth=1,
              decoder_num_heads=2),
    head=dict(type='MAEPretrainHead', norm_pix=True, patch_size=2,
              loss=dict(type='PixelReconstructionLoss', criterion='L2')))
train_dataloader = dict(
    batch_size=32, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='train', indices=64, pipeline=[dict(type='PackInputs')]))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3), constructor='ParamGroupsConstructor')
param_scheduler = dict(type='WarmupCosineLR', epochs=2)
train_cfg = dict(type='SSLTrainLoop', max_epochs=2)
"""
DIGITS_EVALUATION = """
_base_ = ['sslrecipes::_base_/default_runtime.py', 'sslrecipes::_base_/evaluation/knn.py']
arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
model = dict(type='FeatureModel', data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
             backbone=dict(type='VisionTransformer', arch=arch, img_size=8, patch_size=2, out_type='raw'))
test_dataloader = dict(
    batch_size=64, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='val', pipeline=[dict(type='PackInputs')]))
test_cfg = dict(ks=(5,), bank=dict(
    batch_size=64, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='train', pipeline=[dict(type='PackInputs')])))
test_evaluator = []
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'mae_digits.py'
    path.write_text(DIGITS_CONFIG)
    return path


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Run a tool in this process with a command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(tool, *args):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, args)])
        runpy.run_path(str(TOOLS / tool), run_name='__main__')

    return run


def test_training_leaves_checkpoints_and_scalars_and_resumes(call, config, tmp_path):
    call('train.py', config)
    folder = tmp_path / 'work_dirs' / 'mae_digits'
    assert (folder / 'epoch_2.pth').exists()
    options = ['train_cfg.max_epochs=3', 'param_scheduler.epochs=3']
    with pytest.raises(SystemExit):
        call('train.py', config, '--resume', '--amp', '--cfg-options', *options)
    call('train.py', config, '--resume', '--accept-changes', '--amp', '--cfg-options', *options)
    assert (folder / 'epoch_3.pth').exists()
    assert not (folder / 'epoch_4.pth').exists()


def test_same_command_begins_with_weights_and_goes_on_without(call, config, tmp_path, capfd):
    call('train.py', config, '--work-dir', 'before')
    time.sleep(1)  # in one process, runs of the same second would share their log
    options = ['--resume', '--work-dir', 'run', '--cfg-options', f'load_from={tmp_path}/before/epoch_2.pth']
    call('train.py', config, *options)
    assert 'Resumed' not in (first := capfd.readouterr().err + first_log(tmp_path / 'run'))
    assert 'weights of MAE loaded' in first
    time.sleep(1)
    (tmp_path / 'run' / 'epoch_2.pth').unlink()
    call('train.py', config, *options)
    assert any('Resumed from' in file.read_text() for file in (tmp_path / 'run').glob('*/*.log'))


def first_log(folder):
    return next(folder.glob('*/*.log')).read_text()


def files_in(folder):
    return {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_a_finished_run_is_told_and_left_alone(call, config, tmp_path, capsys):
    call('train.py', config)
    folder = tmp_path / 'work_dirs' / 'mae_digits'
    before = files_in(folder)
    call('train.py', config, '--resume')
    assert 'is finished, nothing is left to do: ' in capsys.readouterr().out
    shorter = ['train_cfg.max_epochs=1', 'param_scheduler.epochs=1', 'param_scheduler.warmup_epochs=0']
    call('train.py', config, '--resume', '--accept-changes', '--cfg-options', *shorter)
    assert 'train_cfg.max_epochs=1. No file was changed.' in capsys.readouterr().out
    assert files_in(folder) == before


def test_a_recipe_of_the_package_is_a_base(call, tmp_path, capsys):
    name = 'mae_vit-nano-p4_1xb256-coslr-20e_photo-tiles-32px.py'
    (tmp_path / 'ablation.py').write_text(
        f"_base_ = 'sslrecipes::quickstart/{name}'\nmodel = dict(head=dict(norm_pix=False))"
    )
    call('train.py', tmp_path / 'ablation.py', '--dry-run')
    assert 'FLOPs per image' in capsys.readouterr().out


def test_a_missing_module_of_a_project_is_named(call, tmp_path, capsys):
    (tmp_path / 'mine.py').write_text("custom_imports = dict(imports=['not_there.at_all'])")
    with pytest.raises(SystemExit) as stop:
        call('train.py', tmp_path / 'mine.py')
    assert stop.value.code == 2
    assert 'PYTHONPATH' in capsys.readouterr().err


def test_dry_run_trains_nothing(call, config, tmp_path, capsys):
    call('train.py', config, '--dry-run')
    assert 'FLOPs per image' in capsys.readouterr().out
    assert not list(tmp_path.rglob('*.pth'))


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (['--cfg-options', 'model.backbone.mask_ration=0.5'], '"mask_ration". Did you mean "mask_ratio"'),
        (['--cfg-options', 'modle.backbone.mask_ratio=0.5'], 'no key "modle". Did you mean "model"'),
        (['--cfg-options', 'train_cfg.max_epochs=5'], 'param_scheduler.epochs is 2 but train_cfg.max_epochs is 5'),
        (['--dry-run', '--cfg-options', 'param_scheduler.warmup_epochs=2'], 'warmup_epochs=2 must be less than'),
        (['--cfg-options', 'randomness.sed=1'], 'randomness: there is no option "sed". Did you mean "seed"'),
        (['--cfg-options', 'model.backbone.mask_ratio=1.5'], 'mask_ratio'),
        (['--resume', 'nowhere.pth'], 'There is no checkpoint "nowhere.pth"'),
        (['--auto-scale-lr'], 'base_batch_size'),
        (['--cfg-options', 'train_dataloader.dataset.type=ImageNet'], 'ImageNet'),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(call, config, capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stop:
        call('train.py', config, *arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: ')
    assert sentence in error


def test_missing_weights_are_found_before_anything_is_built(call, config, capsys):
    config.write_text(
        config.read_text() + "model['backbone']['init_cfg'] = dict(type='Pretrained', checkpoint='no.pth')"
    )
    with pytest.raises(SystemExit) as stop:
        call('train.py', config)
    assert stop.value.code == 2
    assert 'model.backbone.init_cfg.checkpoint: there is no file "no.pth"' in capsys.readouterr().err
    call('train.py', config, '--dry-run')
    assert 'MISSING' in capsys.readouterr().out


def test_so_are_those_of_the_whole_model(call, config, tmp_path, capsys):
    with pytest.raises(SystemExit):
        call('train.py', config, '--cfg-options', 'load_from=no.pth')
    assert 'There is no checkpoint "no.pth"' in capsys.readouterr().err
    assert not (tmp_path / 'work_dirs').exists()


def test_what_is_odd_about_the_data_is_logged_once(config, monkeypatch, tmp_path):
    monkeypatch.setattr('sslrecipes.commands.launch.check_dataset', lambda *_: 2 * [Remark('There is an odd picture.')])
    cfg = load_config(config)
    cfg.work_dir = str(tmp_path / 'run')
    build_runner(cfg, 'train')
    assert first_log(tmp_path / 'run').count('WARNING - There is an odd picture.') == 1


def test_options_of_an_upstream_recipe_are_those_of_our_classes(config):
    config.write_text("_base_ = 'mmpretrain::simclr/simclr_resnet50_8xb32-coslr-200e_in1k.py'")
    cfg = load_config(config, {'default_hooks.checkpoint.interval_minuts': 5})
    with pytest.raises(ConfigError, match='CheckpointHook has no argument "interval_minuts"'):
        build_runner(cfg, 'train')


def test_annotations_of_a_metric_are_looked_for_before_anything_is_built(call, config, tmp_path, capsys):
    config.write_text(
        f"{DIGITS_EVALUATION}\ntest_cfg = dict(_delete_=True, type='TestLoop')\n"
        "test_evaluator = dict(type='mmdet.CocoMetric', ann_file='no.json')"
    )
    with pytest.raises(SystemExit):
        call('test.py', config)
    assert 'The annotation file "no.json" does not exist: set test_evaluator.ann_file' in capsys.readouterr().err
    assert not (tmp_path / 'work_dirs').exists()


def test_evaluating_a_training_recipe_is_refused(call, config, capsys):
    with pytest.raises(SystemExit) as stop:
        call('test.py', config)
    assert stop.value.code == 2
    assert 'no test_dataloader' in capsys.readouterr().err


@pytest.mark.parametrize('tool', ['train.py', 'test.py'])
def test_evaluation_beside_a_run_leaves_its_files_alone(call, config, tmp_path, capsys, tool):
    call('train.py', config)
    folder = tmp_path / 'work_dirs' / 'mae_digits'
    running = claim(folder)
    (folder / f'.epoch_3.pth.{os.getpid()}.tmp').touch()  # it is being written
    before = files_in(folder)
    if tool == 'train.py':
        call('train.py', config, '--dry-run')
    else:
        config.write_text(DIGITS_EVALUATION)
        call('test.py', config, folder / 'epoch_2.pth')
    after = files_in(folder)
    running.release()
    assert {path: after[path] for path in before} == before
    assert all(path.parent != folder for path in after.keys() - before.keys())


def test_missing_config_names_the_nearest(call, config, capsys):
    with pytest.raises(SystemExit) as stop:
        call('train.py', config.with_name('mae_digit.py'))
    assert stop.value.code == 2
    assert 'Did you mean' in capsys.readouterr().err


def test_test_tool_writes_the_metrics(call, config, tmp_path):
    call('train.py', config)
    evaluation = tmp_path / 'knn_digits.py'
    evaluation.write_text(DIGITS_EVALUATION)
    checkpoint = tmp_path / 'work_dirs' / 'mae_digits' / 'epoch_2.pth'
    call('test.py', evaluation, checkpoint, '--out', tmp_path / 'metrics.json')
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    assert 20 < metrics['knn/top1_k5'] <= 100
