from pathlib import Path

import pytest
import torch
from mmengine.config import Config

import sslrecipes.datasets
import sslrecipes.engine
import sslrecipes.engine.knn_loop
import sslrecipes.models  # noqa: F401  registers
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.evaluation.features import extract_features
from sslrecipes.evaluation.knn_scores import knn_scores

ARCH = dict(embed_dims=32, num_layers=2, num_heads=2, feedforward_channels=64)
VIT = dict(type='VisionTransformer', arch=ARCH, img_size=8, patch_size=2, out_type='raw')


def loader(split, indices, shuffle=False):
    return dict(
        dataset=dict(type='Digits', split=split, indices=indices, pipeline=[dict(type='PackInputs')]),
        sampler=dict(type='DefaultSampler', shuffle=shuffle),
        collate_fn=dict(type='default_collate'),
        batch_size=40,
        num_workers=0,
    )


@pytest.fixture
def cfg(tmp_path):
    return Config(
        dict(
            default_scope='sslrecipes',
            work_dir=str(tmp_path / 'work'),
            model=dict(type='FeatureModel', backbone=VIT, pool='avg'),
            data_preprocessor=dict(type='ClsDataPreprocessor', mean=[78.0] * 3, std=[96.0] * 3),
            test_dataloader=loader('val', 90),
            test_cfg=dict(type='KNNLoop', ks=(1, 20), bank=loader('train', 210)),
            test_evaluator=[],
            randomness=dict(seed=0),
        )
    )


def test_reports_what_the_parts_give(cfg):
    runner = SSLRunner.from_cfg(cfg)
    runner._init_model_weights()
    metrics = runner.test()
    bank, queries = (extract_features(runner.model, data) for data in (runner.test_loop.bank, runner.test_dataloader))
    expected = knn_scores(bank, queries, ks=(1, 20))
    assert metrics == {f'knn/{name}': value for name, value in expected.items()}
    assert runner.message_hub.get_scalar('test/knn/top1_k20').current() == metrics['knn/top1_k20']
    assert runner.message_hub.log_scalars['test/time'].statistics('current') > 0  # the iteration hooks ran


def test_cached_features_give_the_same_metrics(cfg, tmp_path):
    cfg.test_cfg.cache_dir = str(tmp_path / 'cache')
    first = SSLRunner.from_cfg(cfg)
    first._init_model_weights()
    metrics = first.test()
    assert len(list((tmp_path / 'cache').iterdir())) == 2
    second = SSLRunner.from_cfg(cfg)
    second.model.load_state_dict(first.model.state_dict())
    assert second.test() == metrics
    assert len(list((tmp_path / 'cache').iterdir())) == 2


def test_autocast(cfg):
    cfg.test_cfg.amp_dtype = 'bfloat16'
    runner = SSLRunner.from_cfg(cfg)
    runner._init_model_weights()
    model = runner.model
    rounded = extract_features(model, runner.test_dataloader, amp_dtype=torch.bfloat16).x
    assert torch.equal(runner.test_loop.extract(model, runner.test_dataloader).x, rounded)
    assert not torch.equal(extract_features(model, runner.test_dataloader).x, rounded)


def test_validates_a_method_in_pretraining(cfg):
    decoder = dict(type='MAEDecoder', num_patches=16, patch_size=2, embed_dim=32, decoder_embed_dim=16)
    head = dict(type='MAEPretrainHead', patch_size=2, loss=dict(type='PixelReconstructionLoss', criterion='L2'))
    pretraining = dict(
        model=dict(
            type='MAE',
            backbone=VIT | dict(type='MaskedViT'),
            neck=decoder | dict(decoder_depth=1, decoder_num_heads=2),
            head=head,
        ),
        data_preprocessor=dict(type='SelfSupDataPreprocessor', mean=[78.0] * 3, std=[96.0] * 3),
        train_dataloader=loader('train', 80, shuffle=True),
        train_cfg=dict(type='SSLTrainLoop', max_epochs=2),
        optim_wrapper=dict(constructor='ParamGroupsConstructor', optimizer=dict(type='AdamW', lr=1e-3)),
        val_dataloader=loader('val', 90),
        val_cfg=dict(type='KNNLoop', ks=(20,), bank=loader('train', 210), pool='avg'),
        val_evaluator=[],
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', save_best='knn/top1_k20', rule='greater')),
    )
    runner = SSLRunner.from_cfg(Config(cfg.to_dict() | pretraining))
    runner.train()
    assert len(runner.message_hub.get_scalar('val/knn/top1_k20').data[0]) == 2
    assert (Path(runner.work_dir) / runner.message_hub.get_info('best_checkpoint')).is_file()


def test_evaluators_are_refused(cfg):
    cfg.test_evaluator = [dict(type='Accuracy')]
    with pytest.raises(ConfigError, match=r'to \[\]'):
        SSLRunner.from_cfg(cfg).test()


def test_too_large_k_is_refused_before_any_work(cfg):
    cfg.test_cfg.ks = (10, 211)
    with pytest.raises(ConfigError, match='the bank has 210'):
        SSLRunner.from_cfg(cfg).test()


def test_empty_bank_is_refused_before_any_work(cfg):
    cfg.test_cfg.bank.dataset.indices = 0
    with pytest.raises(DataError, match='The k-NN bank is empty'):
        SSLRunner.from_cfg(cfg).test()
    cfg.test_cfg.bank.dataset.serialize_data = False
    with pytest.raises(DataError, match='The k-NN bank is empty'):
        SSLRunner.from_cfg(cfg).test()
    cfg.test_dataloader.dataset.indices = 0
    with pytest.raises(DataError, match='The data set to classify is empty'):
        SSLRunner.from_cfg(cfg).test()


def test_bank_of_other_classes_is_refused_before_any_work(cfg):
    cfg.test_cfg.bank.dataset.metainfo = dict(classes=('0', '1', 'zwei', *'3456789'))
    with pytest.raises(DataError, match=r'\(10 and 10\): class 2 is "zwei" in the bank and "2" in the other'):
        SSLRunner.from_cfg(cfg).test()


def test_broken_network_is_refused(cfg):
    runner = SSLRunner.from_cfg(cfg)
    with torch.no_grad():
        runner.model.backbone.cls_token.fill_(torch.nan)
    with pytest.raises(DataError, match='40 of 40 images of a batch are not finite'):
        runner.test()
