from pathlib import Path

import pytest
from mmengine.config import Config

from sslrecipes.config.kinds import recipes_below
from sslrecipes.config.reading import read_config
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


def test_every_recipe_and_project_passes():
    files = [path for path in recipes_below(ROOT) if 'transfer' not in path.parts]  # see tests/recipes/test_transfer.py
    files += ROOT.glob('projects/*/configs/*.py')
    assert len(files) > 30
    for file in files:
        check_schema(read_config(file))


@pytest.mark.parametrize(
    ('edit', 'sentence'),
    [
        (dict(optim_wraper={}), 'The runner has no option "optim_wraper". Did you mean "optim_wrapper"?'),
        ({'randomness.sed': 1}, 'randomness: there is no option "sed". Did you mean "seed"?'),
        ({'env_cfg': dict(cudnn_bench=True)}, 'env_cfg: there is no option "cudnn_bench". Did you mean'),
        (
            {'env_cfg': dict(mp_cfg=dict(mp_start_method='frok'))},
            "env_cfg.mp_cfg.mp_start_method is 'frok', but must be",
        ),
        ({'auto_scale_lr': dict(base_batchsize=1)}, 'Did you mean "base_batch_size"?'),
        (
            {'train_dataloader.batchsize': 8},
            'train_dataloader: DataLoader has no argument "batchsize". Did you mean "batch_size"?',
        ),
        ({'custom_hooks': dict(type='X')}, "custom_hooks is {'type': 'X'}, but must be a list or None."),
        ({'custom_hooks': [dict(typ='X')]}, 'custom_hooks[0] needs type. Is "typ" meant to be it?'),
        ({'model.backbone': 'vit'}, "model.backbone is 'vit', but must be a dict."),
        (
            {'train_dataloader.batch_size': 'eight'},
            "train_dataloader.batch_size is 'eight', but must be a whole number of at least 1 or None.",
        ),
        ({'train_dataloader.batch_size': 0}, 'train_dataloader.batch_size is 0'),
        ({'train_dataloader.num_workers': -1}, 'train_dataloader.num_workers is -1'),
        ({'train_dataloader.drop_last': 'no'}, "train_dataloader.drop_last is 'no', but must be True or False."),
        ({'train_cfg.val_begin': [1]}, 'train_cfg.val_begin is [1], but must be '),
        (
            {'model.test_cfg': dict(rcnn=dict(score_thrs=0.05))},
            'model.test_cfg.rcnn: there is no option "score_thrs". Did you mean "score_thr"?',
        ),
        (
            {'model.train_cfg': dict(augments=[dict(type='Mixup', alpha=0)])},
            '0 would mix nothing: leave that entry out',
        ),
        (
            {'model.train_cfg': dict(augments=[dict(type='CutMix', alpha=1)])},
            'alpha is 1, but must be a number above 0',
        ),
        ({'train_cfg.max_epochs': 4.5}, 'train_cfg.max_epochs is 4.5, but must be a whole number of at least 1.'),
        ({'optim_wrapper.accumulative_counts': 0}, 'optim_wrapper.accumulative_counts is 0'),
        ({'optim_wrapper.optimizer.lr': '1e-3'}, "optim_wrapper.optimizer.lr is '1e-3', but must be a number"),
        ({'optim_wrapper.optimizer.lr': float('nan')}, 'optim_wrapper.optimizer.lr is nan'),
        ({'optim_wrapper.optimizer.weight_decay': -0.1}, 'optim_wrapper.optimizer.weight_decay is -0.1'),
        (
            {'optim_wrapper.optimizer.betas': (0.9,)},
            'optim_wrapper.optimizer.betas is (0.9,), but must be 2 values, each',
        ),
        ({'optim_wrapper.optimizer.betas': (0.9, 1.0)}, 'and below 1.'),
        ({'optim_wrapper.dtype': 'half'}, "optim_wrapper.dtype is 'half', but must be 'float16' or 'bfloat16'."),
        ({'randomness.seed': 'one'}, "randomness.seed is 'one'"),
        ({'default_hooks.checkpoint.interval': 0.5}, 'default_hooks.checkpoint.interval is 0.5'),
        (
            {'model.backbone.mask_ratio': 1},
            'model.backbone.mask_ratio is 1, but must be a number of at least 0 and below',
        ),
        ({'log_level': 'info'}, "log_level is 'info', but must be 'DEBUG' or 'INFO' or"),
        ({'runner_type': 'SSLRunnr'}, "runner_type is 'SSLRunnr', but must be 'SSLRunner' or"),
        ({'custom_hooks': [dict(type='X', priority='HIGHH')]}, "custom_hooks[0].priority is 'HIGHH', but must be"),
        ({'default_hooks.checkpoint.priority': 101}, 'default_hooks.checkpoint.priority is 101, but must be'),
        ({'test_evaluator': [dict(type='X', collect_device='tpu')]}, "test_evaluator[0].collect_device is 'tpu', but"),
        ({'resume': 'yes'}, "resume is 'yes', but must be True or False."),
        ({'param_scheduler.warmup_epochs': 4}, 'param_scheduler: warmup_epochs=4 must be less than epochs=4.'),
        (
            {'param_scheduler': [dict(type='CosineScheduler', epochs=3, warmup_epochs=4)]},
            'param_scheduler[0]: warmup_epochs=4 must be no more than epochs=3.',
        ),
        (
            {'param_scheduler': [dict(type='CosineScheduler', warmup_epochs=5)]},
            'param_scheduler[0]: warmup_epochs=5 must be no more than epochs=4.',
        ),
        (
            {
                'param_scheduler': [dict(type='WarmupCosineLR', min_lr=0.0)],
                'train_cfg': dict(type='SSLIterTrainLoop', max_iters=9, _delete_=True),
            },
            'param_scheduler[0]: WarmupCosineLR needs epochs where train_cfg has no max_epochs.',
        ),
        (
            {'model.backbone.img_size': 9, 'model.neck.num_patches': 16},
            'model.backbone: img_size=9 must be a multiple of patch_size=2.',
        ),
        ({'model.backbone.arch.num_heads': 3}, 'model.backbone.arch: embed_dims=16 must be a multiple of num_heads=3.'),
        ({'model.neck.decoder_num_heads': 3}, 'decoder_embed_dim=8 must be a multiple of decoder_num_heads=3.'),
        ({'model.neck.num_patches': 15}, 'model.neck.num_patches is 15, but 8 px in patches of 2 are 16.'),
        ({'train_dataloader.persistent_workers': True}, 'persistent_workers=True needs num_workers of at least 1.'),
        ({'test_cfg.bank': None}, 'test_cfg.bank is None, but must be'),
        ({'train_dataloader.timeout': 5}, 'timeout=5 needs num_workers of at least 1.'),
        (
            {'train_dataloader.dataset.pipeline': None},
            'train_dataloader.dataset.pipeline is None, but must be a list',
        ),
        (
            {'train_dataloader.dataset.data_root': 3},
            'train_dataloader.dataset.data_root is 3, but must be text or None',
        ),
        (
            {'train_dataloader.dataset': dict(dataset=dict(type='X', ann_file=[]))},
            'train_dataloader.dataset.dataset.ann_file is [], but must be text or None',
        ),
        ({'train_dataloader.prefetch_factor': 2}, 'prefetch_factor=2 needs num_workers of at least 1.'),
        ({'optim_wrapper': None}, 'train_dataloader and train_cfg need optim_wrapper'),
        ({'val_cfg': dict()}, 'val_cfg needs val_dataloader: set it, or set val_cfg to None.'),
        ({'train_cfg.by_epoch': True}, 'train_cfg needs either a type or by_epoch, not both.'),
        ({'train_cfg': dict(max_epochs=4, _delete_=True)}, 'train_cfg needs either a type or by_epoch, not both.'),
        ({'train_cfg': dict(by_epoch=False, max_epochs=4, _delete_=True)}, 'IterBasedTrainLoop needs max_iters'),
        (
            {'train_cfg': dict(type='SSLTrainLoop', max_iters=4, _delete_=True)},
            'train_cfg: SSLTrainLoop needs max_epochs.',
        ),
        (
            {'custom_hooks': [dict(type='X', bank=dict(dataset=dict(), sampler=dict(), batch_size=0))]},
            'bank.batch_size is 0',
        ),
    ],
)
def test_a_mistake_is_one_sentence(mae_on_digits, edit, sentence):
    check_schema(mae_on_digits)
    mae_on_digits.merge_from_dict(edit)
    with pytest.raises(ConfigError) as caught:
        check_schema(mae_on_digits)
    assert sentence in str(caught.value)


def test_what_mmengine_takes_of_a_hooks_priority_passes(mae_on_digits):
    mae_on_digits.custom_hooks = [dict(type='X', priority=priority) for priority in ('HIGH', 'very_low', 0, 100)]
    check_schema(mae_on_digits)


@pytest.mark.parametrize('key', ['dataset', 'sampler'])
def test_a_loader_needs_its_parts(mae_on_digits, key):
    mae_on_digits.train_dataloader.pop(key)
    with pytest.raises(ConfigError, match=f'train_dataloader needs {key}'):
        check_schema(mae_on_digits)


def test_the_places_of_an_impossible_combination_are_given(mae_on_digits):
    del mae_on_digits.param_scheduler.epochs
    mae_on_digits.train_cfg.max_epochs = 1
    with pytest.raises(ConfigError) as caught:
        check_schema(mae_on_digits)
    assert caught.value.places == ('param_scheduler.warmup_epochs', 'train_cfg.max_epochs')


def test_a_recipes_own_names_are_its_own(mae_on_digits):
    mae_on_digits.merge_from_dict(dict(data_root='x', train_pipeline=[], base_lr='high', unused=dict(dataset=1, foo=2)))
    check_schema(mae_on_digits)


def test_what_is_switched_off_is_not_missed(mae_on_digits):
    mae_on_digits.merge_from_dict(dict(val_dataloader=None, val_cfg=None, val_evaluator=None))
    mae_on_digits.default_hooks.checkpoint = None
    check_schema(mae_on_digits)


@pytest.mark.parametrize(
    ('edit', 'sentence'),
    [
        ({'transfer': dict(part='student')}, 'transfer needs checkpoint.'),
        (
            {'transfer': dict(checkpoint='a.pth', part='techer')},
            "transfer.part is 'techer', but must be 'student' or 'online' or",
        ),
        ({'transfer': dict(checkpoint=3)}, 'transfer.checkpoint is 3, but must be text or None.'),
        ({'transfer': dict(checkpoint=None, parts='x')}, 'transfer: there is no option "parts". Did you mean "part"?'),
        ({'transfer': dict(checkpoint=None, ignore='fc')}, "transfer.ignore is 'fc', but must be a list."),
        ({'model.test_cfg': dict(rpn=dict(nms_pree=9))}, 'model.test_cfg.rpn: there is no option "nms_pree".'),
        ({'model.test_cfg': dict(rcnn=dict(max_per_image=9))}, 'Did you mean "max_per_img"?'),
        ({'model.train_cfg': dict(rcnn=dict(asigner=dict()))}, 'Did you mean "assigner"?'),
        (
            {'model.train_cfg': dict(rpn_proposal=dict(nms_pre='many'))},
            "model.train_cfg.rpn_proposal.nms_pre is 'many'",
        ),
        ({'model.test_cfg': dict(mode='slide', crop_sizes=(2, 2))}, 'Did you mean "crop_size"?'),
        (
            {'train_cfg': dict(type='sslrecipes.SSLIterTrainLoop', _delete_=True)},
            'train_cfg: sslrecipes.SSLIterTrainLoop needs max_iters.',
        ),
        (
            {'param_scheduler': [dict(type='MultiStepLR', milestones=[9])]},
            'param_scheduler[0].milestones has 9, but training ends at train_cfg.max_epochs=4: change both.',
        ),
    ],
)
def test_mistakes_of_detectors_and_segmentors(mae_on_digits, edit, sentence):
    mae_on_digits.merge_from_dict(edit)
    with pytest.raises(ConfigError) as caught:
        check_schema(mae_on_digits)
    assert sentence in str(caught.value)


def test_options_of_detectors_that_are_not_listed_pass(mae_on_digits):
    mae_on_digits.merge_from_dict(
        {'model.test_cfg': dict(rcnn=dict(subdivision_steps=5)), 'transfer': dict(checkpoint=None, ignore=['rel_pos'])}
    )
    check_schema(mae_on_digits)


LOADER = dict(dataset=dict(type='D'), sampler=dict(type='S'), batch_size=2)


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(ks=3), None),
        (dict(ks=(1, 3), linear=dict(lrs=0.1)), None),
        (dict(ks='3'), "test_cfg.ks is '3', but must be a whole number of at least 1 or a list, each item a whole"),
        (dict(ks=[1, 0.5]), 'test_cfg.ks is [1, 0.5], but must be'),
        (dict(linear=3), 'test_cfg.linear is 3, but must be a dict or None.'),
        (dict(linear=dict(lrs=['a'])), "test_cfg.linear.lrs is ['a'], but must be a number of at least 0 or a list, "),
        (dict(linear=dict(lr=0.1)), 'test_cfg.linear: A linear probe has no argument "lr". Did you mean "lrs"?'),
    ],
    ids=str,
)
def test_one_number_or_several_for_an_evaluation(options, sentence):
    cfg = Config(dict(model=dict(type='A'), test_cfg=options, test_dataloader=LOADER, test_evaluator=[]))
    if sentence is None:
        check_schema(cfg)
        return
    with pytest.raises(ConfigError) as caught:
        check_schema(cfg)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ('kind', 'sentence'),
    [
        ('OnlineEvalHook', 'custom_hooks[0].ks is'),
        ('sslrecipes.OnlineEvalHook', 'custom_hooks[0].ks is'),
        ('MyHook', None),
    ],
)
def test_options_of_an_evaluation_are_those_of_our_hook_only(mae_on_digits, kind, sentence):
    mae_on_digits.custom_hooks = [dict(type=kind, ks='all', temperature=0, bank='a.pth', linear=dict(bias=True))]
    if sentence is None:
        check_schema(mae_on_digits)
        return
    with pytest.raises(ConfigError) as caught:
        check_schema(mae_on_digits)
    assert sentence in str(caught.value)
    mae_on_digits.custom_hooks = [dict(type=kind, linear=dict(bias=True))]
    with pytest.raises(ConfigError, match='A linear probe has no argument "bias"'):
        check_schema(mae_on_digits)


@pytest.mark.parametrize(('clip', 'good'), [
    (dict(max_norm=float('inf')), True), (dict(type='value', clip_value=1), True), (dict(max_norm=float('nan')), False),
    (dict(max=1), False), (3, False),
])  # fmt: skip
def test_clipping(clip, good):
    cfg = Config(
        dict(
            model=dict(type='A'),
            train_cfg=dict(type='L', max_epochs=1),
            train_dataloader=LOADER,
            optim_wrapper=dict(optimizer=dict(type='B', lr=1), clip_grad=clip),
        )
    )
    if good:
        check_schema(cfg)
        return
    with pytest.raises(ConfigError, match='clip_grad'):
        check_schema(cfg)


@pytest.mark.parametrize(
    ('settings', 'sentence'),
    [
        (dict(model={3: 4}), 'model needs type.'),
        (dict(model=dict(type='A'), randomness={3: 4}), 'randomness: there is no option "3".'),
        (
            dict(model=dict(type='A'), custom_imports=dict(imports=[3])),
            'custom_imports.imports is [3], but must be text',
        ),
    ],
    ids=str,
)
def test_names_and_modules_are_texts(settings, sentence):
    with pytest.raises(ConfigError) as caught:
        check_schema(Config(settings))
    assert str(caught.value).startswith(sentence)
