import subprocess
import sys
from pathlib import Path

from mmengine.config import Config

from sslrecipes.zoo.facts import FACTS, facts

ROOT = Path(__file__).resolve().parents[2]
NAME = 'mae_vit_4xb64-accum2-amp-coslr-20e_in1k.py'


def config(filename=NAME, **changes):
    cfg = Config(
        dict(
            model=dict(
                backbone=dict(type='MaskedViT', arch='b', mask_ratio=0.75),
                train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8), dict(type='CutMix', alpha=1.0)]),
            ),
            train_dataloader=dict(
                batch_size=64,
                dataset=dict(pipeline=[dict(type='RandomResizedCrop', scale=224, crop_ratio_range=(0.2, 1.0))]),
            ),
            optim_wrapper=dict(
                type='AmpOptimWrapper',
                dtype='float16',
                accumulative_counts=2,
                optimizer=dict(type='AdamW', lr=1.5e-4 * 512 / 256, betas=(0.9, 0.95), weight_decay=0.05),
            ),
            param_scheduler=dict(type='WarmupCosineLR', warmup_epochs=4, epochs=20, min_lr=0.0),
            train_cfg=dict(max_epochs=20),
        ),
        cfg_text='# not read from a file',
        filename=filename,
    )
    cfg.merge_from_dict(changes)
    return cfg


def test_all_facts_that_apply_and_no_others():
    assert facts(config()) == {
        'arch': 'vit-base',
        'mask_ratio': 0.75,
        'mixup': 0.8,
        'cutmix': 1.0,
        'crop_scale': [0.2, 1.0],
        'effective_batch': 512,
        'optimizer': 'AdamW',
        'base_lr': 1.5e-4,
        'lr': 3e-4,
        'betas': [0.9, 0.95],
        'weight_decay': 0.05,
        'amp': 'float16',
        'epochs': 20,
        'warmup_epochs': 4,
        'min_lr': 0.0,
    }


def test_each_schedule_has_its_facts():
    schedules = [
        dict(type='CosineScheduler', param_name='weight_decay', final=0.4),
        dict(type='CosineScheduler', warmup_epochs=10, start=0.075, final=0.0048),
    ]
    found = facts(config(param_scheduler=schedules))
    assert {
        name: found.get(name) for name in ('warmup_epochs', 'min_lr', 'start_lr', 'final_lr', 'final_weight_decay')
    } == {
        'warmup_epochs': 10,
        'min_lr': None,
        'start_lr': 0.075,
        'final_lr': 0.0048,
        'final_weight_decay': 0.4,
    }


def test_views_are_facts():
    views = dict(global_size=224, global_scale=(0.3, 1.0), num_locals=6, local_size=128, local_scale=(0.05, 0.3))
    cfg = config()
    cfg.train_dataloader.dataset.pipeline = [dict(type='LoadImageOrSkip'), dict(type='MultiCrop', **views)]
    cfg.model.head = dict(loss_weights=(0.4, 0.6))
    expected = {**views, 'global_scale': [0.3, 1.0], 'local_scale': [0.05, 0.3], 'loss_weights': [0.4, 0.6]}
    assert expected.items() <= facts(cfg).items()


def test_facts_of_mae_priv():
    cfg = config()
    cfg.model.backbone.update(with_cls_token=False, batched_shuffle=True)
    cfg.model.neck = dict(decoder_embed_dim=192, decoder_depth=4)
    cfg.model.update(with_bn=True, bn_eps=1e-5, final_norm=False)
    cfg.optim_wrapper.optimizer.adapt_without_decay = False
    cfg.train_dataloader.dataset.pipeline[0].interpolation = 'bilinear'
    cfg.test_dataloader = dict(dataset=dict(pipeline=[dict(type='ResizeEdge', scale=256, interpolation='bicubic')]))
    expected = {
        'class_token': False,
        'batched_shuffle': True,
        'decoder_width': 192,
        'decoder_depth': 4,
        'feature_norm': True,
        'feature_norm_eps': 1e-5,
        'final_norm': False,
        'adapt_without_decay': False,
        'crop_interpolation': 'bilinear',
        'test_interpolation': 'bicubic',
    }
    assert {name: value for name, value in facts(cfg).items() if name not in facts(config())} == expected


def test_names_are_the_published_ones():
    assert set(facts(config())) <= set(FACTS)


def test_given_number_of_gpus_beats_the_file_name():
    assert facts(config(), gpus=2)['effective_batch'] == 256


def test_one_process_where_the_name_says_nothing():
    assert facts(config(filename='mine.py'))['effective_batch'] == 128
    assert facts(config(filename=None))['effective_batch'] == 128


def test_facts_of_a_recipe_need_no_torch():
    recipe = next((ROOT / 'configs/tec').glob('*.py'))
    code = (
        'import sys\n'
        'from sslrecipes.zoo.facts import facts\n'
        'from sslrecipes.config.loading import load_config\n'
        f'assert facts(load_config({str(recipe)!r}))["effective_batch"] == 4096\n'
        'print(sorted({"torch", "mmcv", "mmpretrain"} & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
