from types import SimpleNamespace

import pytest
from mmengine.config import ConfigDict

from sslrecipes.zoo import RecipeName, parse_name


@pytest.mark.parametrize(
    ('stem', 'expected'),
    [
        (
            'tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k',
            RecipeName(8, 256, 2, True, 'coslr', 300, 'in1k', None),
        ),
        ('moco_resnet50_4xb64-coslr-200e_in1k-112px', RecipeName(4, 64, 1, False, 'coslr', 200, 'in1k', 112)),
        ('vit_mae-pre_8xb512-linear-coslr-90e_in1k', RecipeName(8, 512, 1, False, 'coslr', 90, 'in1k', None)),
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
    return SimpleNamespace(
        train_dataloader=ConfigDict(batch_size=batch),
        optim_wrapper=ConfigDict(type=wrapper, accumulative_counts=accum),
        param_scheduler=ConfigDict(type=schedule),
        train_cfg=ConfigDict(max_epochs=epochs),
        model=ConfigDict(backbone=dict(img_size=px)),
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
