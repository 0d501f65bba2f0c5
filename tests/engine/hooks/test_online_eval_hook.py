import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

import sslrecipes.datasets
import sslrecipes.engine
import sslrecipes.models  # noqa: F401  registers
from sslrecipes.engine.hooks import OnlineEvalHook
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, DataError

ARCH = dict(embed_dims=32, num_layers=2, num_heads=2, feedforward_channels=64)
PROBE = dict(lrs=(0.01, 0.1), epochs=5, batch_size=64)


def loader(split, indices, shuffle=False):
    pipeline = [dict(type='RandomFlip', prob=0.5), dict(type='PackInputs')]
    return dict(
        dataset=dict(type='Digits', split=split, indices=indices, pipeline=pipeline),
        sampler=dict(type='DefaultSampler', shuffle=shuffle),
        collate_fn=dict(type='default_collate'),
        batch_size=40,
        num_workers=0,
    )


@pytest.fixture
def hook_cfg():
    return dict(
        type='OnlineEvalHook',
        train_dataloader=loader('train', 150),
        val_dataloader=loader('val', 60),
        interval=2,
        ks=(1, 20),
        linear=PROBE,
        pool='avg',
    )


@pytest.fixture
def build(tmp_path):
    """Function that builds the runner of a tiny MAE with dropout, five steps in each of ``epochs``."""

    def build_runner(name, *hooks, epochs=3):
        vit = dict(type='MaskedViT', arch=ARCH, img_size=8, patch_size=2, drop_rate=0.1)
        decoder = dict(type='MAEDecoder', num_patches=16, patch_size=2, embed_dim=32, decoder_embed_dim=16)
        head = dict(type='MAEPretrainHead', patch_size=2, loss=dict(type='PixelReconstructionLoss', criterion='L2'))
        cfg = dict(
            default_scope='sslrecipes',
            work_dir=str(tmp_path / name),
            model=dict(type='MAE', backbone=vit, neck=decoder | dict(decoder_depth=1, decoder_num_heads=2), head=head),
            data_preprocessor=dict(type='SelfSupDataPreprocessor', mean=[78.0] * 3, std=[96.0] * 3),
            train_dataloader=loader('train', 200, shuffle=True),
            train_cfg=dict(type='SSLTrainLoop', max_epochs=epochs),
            optim_wrapper=dict(constructor='ParamGroupsConstructor', optimizer=dict(type='AdamW', lr=1e-3)),
            default_hooks=dict(checkpoint=None, logger=dict(type='LoggerHook', interval=5)),
            custom_hooks=list(hooks),
            randomness=dict(seed=3),
        )
        return SSLRunner.from_cfg(Config(cfg))

    return build_runner


def random_states():
    return torch.get_rng_state(), np.random.get_state()[1], random.getstate()[1]


def test_training_is_the_same_with_and_without(build, hook_cfg):
    runs = []
    for name, hooks in (('without', ()), ('with', (hook_cfg | dict(interval=1),))):
        runner = build(name, *hooks)
        runner.train()
        losses = runner.message_hub.get_scalar('train/loss').data[0].tolist()
        runs.append((runner.model.state_dict(), losses, random_states()))
    (weights, losses, states), (other_weights, other_losses, other_states) = runs
    assert losses == other_losses
    assert all(torch.equal(weights[name], other_weights[name]) for name in weights)
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(states, other_states, strict=True))


def test_logs_every_interval_and_the_last_epoch(build, hook_cfg):
    runner = build('logs', hook_cfg)
    runner.train()
    records = [json.loads(line) for line in next(Path(runner.work_dir).glob('*/vis_data/scalars.json')).open()]
    online = [record for record in records if 'online/knn_top1_k20' in record]
    assert [record['step'] for record in online] == [2, 3]
    names = {'knn_top1_k1', 'knn_balanced_k1', 'knn_top1_k20', 'knn_balanced_k20',
             'linear_top1', 'linear_balanced', 'linear_lr'}  # fmt: skip
    assert set(online[0]) - {'step'} == {f'online/{name}' for name in names}
    history = runner.message_hub.get_scalar('online/knn_top1_k20').data[0]
    assert history.tolist() == pytest.approx([record['online/knn_top1_k20'] for record in online])
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, OnlineEvalHook))
    assert hook.evaluate(runner) == pytest.approx({name: online[-1][name] for name in online[-1] if name != 'step'})
    assert online[-1]['online/linear_lr'] in PROBE['lrs']


def test_knn_alone_and_train_mode_kept(build, hook_cfg):
    runner = build('modes', hook_cfg | dict(linear=None), epochs=1)
    runner.train()
    assert runner.model.backbone.training
    assert 'online/knn_top1_k20' in runner.message_hub.log_scalars
    assert 'online/linear_top1' not in runner.message_hub.log_scalars


def test_user_mistakes_before_training(build, hook_cfg):
    with pytest.raises(ConfigError, match='learning_rate'):
        OnlineEvalHook({}, {}, linear=dict(learning_rate=0.1))
    for name, wrong in (('k', dict(ks=(151,))), ('pool', dict(pool='mean'))):
        runner = build(name, hook_cfg | wrong)
        with pytest.raises(ConfigError):
            runner.train()
        assert runner.iter == 0


def test_sets_of_other_classes_are_refused_before_training(build, hook_cfg):
    hook_cfg['val_dataloader']['dataset']['metainfo'] = dict(classes=('0', '1', 'zwei', *'3456789'))
    with pytest.raises(DataError, match=r'class 2 is "2" in the train_dataloader and "zwei" in the other'):
        build('other', hook_cfg).train()
