import pytest
from mmengine.config import ConfigDict

from sslrecipes.zoo.naming import RecipeName, parse_name


@pytest.mark.parametrize(
    ('stem', 'expected'),
    [
        (
            'tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k',
            RecipeName(8, 256, 2, True, 'coslr', 300, 'in1k', None),
        ),
        ('moco_resnet50_4xb64-coslr-200e_in1k-112px', RecipeName(4, 64, 1, False, 'coslr', 200, 'in1k', 112)),
        ('r18_dino-pre_8xb128-coslr-60e_in1k-1pct', RecipeName(8, 128, 1, False, 'coslr', 60, 'in1k-1pct', None)),
        ('vit_mae-pre_8xb512-linear-coslr-90e_in1k', RecipeName(8, 512, 1, False, 'coslr', 90, 'in1k', None)),
        (
            'mask-rcnn_resnet18-fpn_dino-pre_8xb2-multisteplr-90k_coco',
            RecipeName(8, 2, 1, False, 'multisteplr', None, 'coco', None, 90),
        ),
        (
            'upernet_vit-base-p16_mae-1600e-pre_8xb2-amp-polylr-160k_ade20k-512px',
            RecipeName(8, 2, 1, True, 'polylr', None, 'ade20k', 512, 160),
        ),
        (
            'fcn_resnet50_pre_8xb2-polylr-80k_cityscapes-512x1024',
            RecipeName(8, 2, 1, False, 'polylr', None, 'cityscapes', (512, 1024), 80),
        ),
        ('mae-nano_1xb128-coslr-10e_photo-tiles-32px', RecipeName(1, 128, 1, False, 'coslr', 10, 'photo-tiles', 32)),
    ],
)
def test_parse_name(stem, expected):
    assert parse_name(f'configs/some/{stem}.py') == expected


def test_a_free_name_says_nothing():
    assert parse_name('my_experiment.py') is None


def test_effective_batch_counts_gpus_and_accumulation():
    assert parse_name('tec_vit_8xb256-accum2-amp-coslr-300e_in1k.py').effective_batch == 4096


def config(batch=256, accum=2, wrapper='AmpOptimWrapper', schedule='WarmupCosineLR', epochs=300, px=224):
    return ConfigDict(
        train_dataloader=dict(batch_size=batch),
        optim_wrapper=dict(type=wrapper, accumulative_counts=accum),
        param_scheduler=dict(type=schedule),
        train_cfg=dict(max_epochs=epochs),
        model=dict(backbone=dict(img_size=px)),
    )


def test_agreeing_config_has_no_disagreements():
    assert parse_name('tec_vit_8xb256-accum2-amp-coslr-300e_in1k.py').disagreements(config()) == []


@pytest.mark.parametrize(
    ('change', 'word'),
    [
        ({'batch': 128}, 'batch'),
        ({'accum': 1}, 'accum'),
        ({'wrapper': 'OptimWrapper'}, 'amp'),
        ({'schedule': 'MultiStepLR'}, 'schedule'),
        ({'epochs': 800}, 'epochs'),
        ({'px': 448}, 'px'),
    ],
)
def test_each_contradiction_is_named(change, word):
    [sentence] = parse_name('tec_vit_8xb256-accum2-amp-coslr-300e_in1k.py').disagreements(config(**change))
    assert word in sentence


def test_the_learning_rate_is_what_the_name_means_by_its_schedule():
    cfg = config()
    cfg.param_scheduler = [dict(type='MultiStepLR', param_name='weight_decay'), dict(type='CosineScheduler')]
    assert parse_name('tec_vit_8xb256-accum2-amp-coslr-300e_in1k.py').disagreements(cfg) == []


@pytest.mark.parametrize(
    'transform', [dict(type='MultiCrop', global_size=160), dict(type='RandomResizedCrop', scale=160)]
)
def test_without_a_size_of_the_backbone_that_of_the_views_counts(transform):
    cfg = config()
    cfg.model.backbone = dict(type='ResNet')
    cfg.train_dataloader.dataset = dict(pipeline=[dict(type='LoadImageOrSkip'), transform])
    assert parse_name('dino_r18_8xb256-accum2-amp-coslr-300e_in1k-160px.py').disagreements(cfg) == []
    [sentence] = parse_name('dino_r18_8xb256-accum2-amp-coslr-300e_in1k-1pct.py').disagreements(cfg)
    assert sentence == 'the name says px 224, the config 160'


TRANSFER = 'upernet_vit_mae-pre_8xb2-amp-polylr-160k_ade20k-512px.py'


def transfer_config(
    batch=2, wrapper='sslrecipes.AmpOptimWrapper', schedule='PolyLR', iterations=160_000, crop=(512,) * 2
):
    cfg = config(batch=batch, accum=1, wrapper=wrapper)
    cfg.transfer = dict(checkpoint='epoch_1.pth')
    cfg.train_cfg = dict(max_iters=iterations)
    cfg.param_scheduler = [dict(type='LinearLR', end=1500), dict(type=schedule)]
    cfg.train_dataloader.dataset = dict(datasets=[dict(pipeline=[dict(type='RandomCrop', crop_size=crop)])])
    return cfg


@pytest.mark.parametrize('iterations', [160_000, 159_501, 160_499])
def test_iterations_are_named_in_thousands(iterations):
    assert parse_name(TRANSFER).disagreements(transfer_config(iterations=iterations)) == []


@pytest.mark.parametrize(
    ('change', 'sentence'),
    [
        ({'batch': 4}, 'the name says batch 2, the config 4'),
        ({'wrapper': 'sslrecipes.OptimWrapper'}, 'the name says amp True, the config False'),
        ({'schedule': 'MultiStepLR'}, 'the name says schedule polylr, the config multisteplr'),
        ({'iterations': 160_501}, 'the name says thousands of iterations 160, the config 161'),
        ({'crop': (512, 1024)}, 'the name says px 512, the config (512, 1024)'),
        ({'crop': (640, 640)}, 'the name says px 512, the config 640'),
    ],
)
def test_each_contradiction_of_a_transfer_is_named(change, sentence):
    assert parse_name(TRANSFER).disagreements(transfer_config(**change)) == [sentence]


def test_a_transfer_that_counts_epochs_contradicts_a_name_that_counts_iterations():
    cfg = transfer_config()
    cfg.train_cfg = dict(max_epochs=100)
    assert len(parse_name(TRANSFER).disagreements(cfg)) == 2


def test_detectors_for_any_size_have_none_in_their_name():
    cfg = transfer_config()
    cfg.train_dataloader.dataset = dict(pipeline=[dict(type='RandomChoiceResize', scales=[(1333, 800)])])
    assert parse_name('upernet_vit_mae-pre_8xb2-amp-polylr-160k_coco.py').disagreements(cfg) == []
