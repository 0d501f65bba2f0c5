"""The pieces of ``configs/_base_/evaluation``, inherited as their docstrings say."""

from pathlib import Path

import pytest
import torch

import sslrecipes.engine
import sslrecipes.engine.knn_loop  # noqa: F401  registers
from sslrecipes.commands.config_check import check_components
from sslrecipes.config.loading import load_config
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
ARCH = dict(embed_dims=32, num_layers=1, num_heads=2, feedforward_channels=64)
RUNTIME = dict(default_scope='sslrecipes', randomness=dict(seed=0), visualizer=None)


@pytest.fixture
def inherit(tmp_path):
    """Function that resolves a config which inherits a tiny model, the digits and an evaluation piece."""

    def resolve(piece, addition, model=True, runtime=None):
        (tmp_path / 'vit.py').write_text(
            f"model = dict(type='FeatureModel', pool='avg', backbone=dict(type='VisionTransformer', arch={ARCH}, "
            "img_size=8, patch_size=2, out_type='raw'))"
        )
        bases = [CONFIGS / '_base_/datasets/digits_8.py', CONFIGS / '_base_/evaluation' / piece]
        bases += ['vit.py'] if model else []
        bases += [CONFIGS / '_base_/runtimes' / runtime] if runtime else []
        child = tmp_path / 'child.py'
        child.write_text(f'_base_ = {[str(base) for base in bases]}\n{addition}')
        cfg = load_config(child)
        cfg.update(RUNTIME, work_dir=str(tmp_path / 'work'))
        cfg.setdefault('default_hooks', dict(checkpoint=None))
        check_components(cfg)
        return cfg

    return resolve


def advice(piece):
    """The config lines in the docstring of a piece."""
    text = (CONFIGS / '_base_/evaluation' / piece).read_text().split('"""')[1]
    return '\n'.join(line.strip() for line in text.splitlines() if line.startswith('    '))


def test_knn(inherit):
    cfg = inherit('knn.py', advice('knn.py') + '\ntest_cfg = dict(ks=(5, 20), linear=dict(epochs=2))')
    runner = SSLRunner.from_cfg(cfg)
    runner._init_model_weights()
    metrics = runner.test()
    assert {'knn/top1_k5', 'knn/top1_k20', 'linear/top1', 'linear/lr'} <= set(metrics)
    assert metrics['knn/top1_k5'] > 20  # ten classes


@pytest.mark.parametrize(('piece', 'with_bn'), [('linear_probe.py', False), ('linear_probe_bn.py', True)])
def test_linear_probe(inherit, piece, with_bn):
    cfg = inherit(piece, advice('linear_probe.py'))
    cfg.merge_from_dict({'train_cfg.max_epochs': 1, 'param_scheduler.warmup_epochs': 0})
    runner = SSLRunner.from_cfg(cfg)
    runner.train()
    assert (type(runner.model.neck).__name__ == 'BatchNorm1d') is with_bn
    assert len(runner.model.heads) == len(cfg.probe.lr_scales)
    assert 'val/probe/best_top1' in runner.message_hub.log_scalars


def train_two_epochs(cfg, lr):
    """Train along half a cosine that changes between epochs only."""
    cfg.merge_from_dict({'train_cfg.max_epochs': 2})
    runner = SSLRunner.from_cfg(cfg)
    runner.train()
    scores, _ = runner.message_hub.get_scalar('val/accuracy/top1').data
    assert len(scores) == 2
    lrs, _ = runner.message_hub.get_scalar('train/lr').data
    assert sorted(set(lrs)) == pytest.approx([(lr + 1e-6) / 2, lr])
    assert runner.message_hub.get_info('best_score') == max(scores)
    return runner


@pytest.mark.parametrize(('piece', 'optimizer', 'lr'), [('lars', 'LARS', 0.8), ('sgd', 'SGD', 0.04)])
def test_linear_evaluation_of_sslight(inherit, piece, optimizer, lr):
    cfg = inherit(f'sslight/linear_{piece}.py', 'model = dict(_base_.probe, num_classes=10)', runtime='keep_best.py')
    assert cfg.train_cfg.max_epochs == 100
    runner = train_two_epochs(cfg, lr)
    assert type(runner.optim_wrapper.optimizer).__name__ == optimizer


SEMI = """
model = dict(
    backbone=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8, deep_stem=False,
                  init_cfg=dict(type='Pretrained', checkpoint='FILE', prefix='backbone.')),
    head=dict(num_classes=10, in_channels=64, hidden_channels=16, init_cfg=dict(checkpoint='FILE')),
)
"""


def test_semi_supervised_evaluation_of_sslight(inherit, tmp_path):
    backbone = MODELS.build(dict(type='ResNet', depth=18, base_channels=8, stem_channels=8))
    neck = MODELS.build(dict(type='DINONeck', in_channels=64, hidden_channels=16, bottleneck_channels=8))
    parts = dict(backbone=backbone, neck=neck)
    state = {f'{part}.{name}': value for part, module in parts.items() for name, value in module.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'epoch_1.pth')
    addition = SEMI.replace('FILE', str(tmp_path / 'epoch_1.pth'))
    cfg = inherit('sslight/semi.py', addition, model=False, runtime='keep_best.py')
    model = MODELS.build(cfg.model)
    model.init_weights()
    assert torch.equal(model.head.mlp[3].weight, neck.mlp[3].weight)
    assert torch.equal(model.backbone.conv1.weight, backbone.conv1.weight)
    trained = train_two_epochs(cfg, 0.12).model
    moved = [name for name, value in trained.named_parameters() if not torch.equal(value, model.get_parameter(name))]
    assert len(moved) == len([*trained.parameters()])


@pytest.mark.parametrize('recipe', ['mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py'])
def test_online_evaluation_of_a_recipe(tmp_path, recipe):
    child = tmp_path / 'child.py'
    child.write_text(f'_base_ = {[str(CONFIGS / recipe), str(CONFIGS / "_base_/evaluation/online.py")]}')
    cfg = load_config(child)
    check_components(cfg)
    (hook,) = cfg.custom_hooks
    assert hook.type == 'OnlineEvalHook'
    assert not hook.train_dataloader.sampler.shuffle
