"""The pieces of ``configs/_base_/evaluation``, inherited as their docstrings say."""

from pathlib import Path

import pytest

import sslrecipes.engine
import sslrecipes.engine.knn_loop  # noqa: F401  registers
from sslrecipes.engine.config_check import check_config
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.zoo.config import load_config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
ARCH = dict(embed_dims=32, num_layers=1, num_heads=2, feedforward_channels=64)
RUNTIME = dict(default_scope='sslrecipes', randomness=dict(seed=0), default_hooks=dict(checkpoint=None))


@pytest.fixture
def inherit(tmp_path):
    """Function that resolves a config which inherits a tiny model, the digits and an evaluation piece."""

    def resolve(piece, addition):
        (tmp_path / 'vit.py').write_text(
            f"model = dict(type='FeatureModel', pool='avg', backbone=dict(type='VisionTransformer', arch={ARCH}, "
            "img_size=8, patch_size=2, out_type='raw'))"
        )
        bases = ['vit.py', CONFIGS / '_base_/datasets/digits_8.py', CONFIGS / '_base_/evaluation' / piece]
        child = tmp_path / 'child.py'
        child.write_text(f'_base_ = {[str(base) for base in bases]}\n{addition}')
        cfg = load_config(child)
        cfg.merge_from_dict(dict(RUNTIME, work_dir=str(tmp_path / 'work')))
        check_config(cfg)
        return cfg

    return resolve


def advice(piece):
    """The config lines in the docstring of a piece."""
    text = (CONFIGS / '_base_/evaluation' / piece).read_text().split('"""')[1]
    return '\n'.join(line.strip() for line in text.splitlines() if line.startswith('    '))


def test_knn(inherit):
    cfg = inherit('knn.py', advice('knn.py') + '\ntest_cfg.update(ks=(5, 20), linear=dict(epochs=2))')
    runner = SSLRunner.from_cfg(cfg)
    runner._init_model_weights()
    metrics = runner.test()
    assert {'knn/top1_k5', 'knn/top1_k20', 'linear/top1', 'linear/lr'} <= set(metrics)
    assert metrics['knn/top1_k5'] > 20  # ten classes


@pytest.mark.parametrize(('piece', 'with_bn'), [('linear_probe.py', False), ('linear_probe_bn.py', True)])
def test_linear_probe(inherit, piece, with_bn):
    cfg = inherit(piece, advice('linear_probe.py'))
    assert cfg.param_scheduler.epochs == cfg.train_cfg.max_epochs
    cfg.merge_from_dict({'train_cfg.max_epochs': 1, 'param_scheduler': dict(epochs=1, warmup_epochs=0)})
    runner = SSLRunner.from_cfg(cfg)
    runner.train()
    assert (type(runner.model.neck).__name__ == 'BatchNorm1d') is with_bn
    assert len(runner.model.heads) == len(cfg.probe.lr_scales)
    assert 'val/probe/best_top1' in runner.message_hub.log_scalars


@pytest.mark.parametrize('recipe', ['mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py'])
def test_online_evaluation_of_a_recipe(tmp_path, recipe):
    child = tmp_path / 'child.py'
    child.write_text(f'_base_ = {[str(CONFIGS / recipe), str(CONFIGS / "_base_/evaluation/online.py")]}')
    cfg = load_config(child)
    check_config(cfg)
    (hook,) = cfg.custom_hooks
    assert hook.type == 'OnlineEvalHook'
    assert not hook.train_dataloader.sampler.shuffle
