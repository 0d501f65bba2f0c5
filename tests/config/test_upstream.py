import pytest
from mmengine.config import Config

from sslrecipes.config.loading import load_config
from sslrecipes.config.upstream import adopt, is_upstream
from sslrecipes.config.validation.combinations import loop_has_its_length
from sslrecipes.config.validation.schema import check_schema


def upstream(**options):
    """A recipe in mmpretrain's scope, as far as it runs a training."""
    base = dict(
        default_scope='mmpretrain',
        model=dict(type='SimCLR'),
        train_dataloader=dict(batch_size=4, num_workers=2, dataset=dict(), sampler=dict(type='DefaultSampler')),
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=2),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='LARS', lr=0.1)),
    )
    return Config({**base, **options})


def test_what_runs_a_training_is_ours():
    cfg = upstream()
    done = adopt(cfg)
    assert cfg.train_cfg == dict(type='sslrecipes.SSLTrainLoop', max_epochs=2)
    assert cfg.optim_wrapper.type == 'sslrecipes.OptimWrapper'
    assert cfg.optim_wrapper.optimizer.type == 'LARS'
    assert cfg.default_hooks.checkpoint == dict(type='sslrecipes.CheckpointHook')
    assert cfg.model.type == 'SimCLR'
    [line] = done.replaced
    assert 'train_cfg EpochBasedTrainLoop -> sslrecipes.SSLTrainLoop' in line
    assert done.notes == []


def test_a_second_time_changes_nothing():
    cfg = upstream(custom_hooks=[dict(type='SwAVHook', batch_size=4)])
    adopt(cfg)
    before = cfg.to_dict()
    assert adopt(cfg).replaced == []
    assert cfg.to_dict() == before


def test_a_recipe_of_ours_means_what_it_says(mae_on_digits):
    mae_on_digits.train_cfg = dict(by_epoch=True, max_epochs=1)
    mae_on_digits.optim_wrapper.type = 'mmengine.OptimWrapper'
    before = mae_on_digits.to_dict()
    assert not is_upstream(mae_on_digits)
    assert adopt(mae_on_digits).replaced == []
    assert mae_on_digits.to_dict() == before


@pytest.mark.parametrize(
    ('given', 'place', 'expected'),
    [
        (
            dict(train_cfg=dict(by_epoch=True, max_epochs=2)),
            'train_cfg',
            dict(type='sslrecipes.SSLTrainLoop', max_epochs=2),
        ),
        (
            dict(train_cfg=dict(by_epoch=False, max_iters=2)),
            'train_cfg',
            dict(type='sslrecipes.SSLIterTrainLoop', max_iters=2),
        ),
        (
            dict(train_cfg=dict(type='mmengine.IterBasedTrainLoop', max_iters=2)),
            'train_cfg.type',
            'sslrecipes.SSLIterTrainLoop',
        ),
        (
            dict(optim_wrapper=dict(optimizer=dict(type='SGD', lr=1))),
            'optim_wrapper.type',
            'sslrecipes.OptimWrapper',
        ),
        (
            dict(optim_wrapper=dict(type='AmpOptimWrapper', optimizer=dict(type='SGD', lr=1))),
            'optim_wrapper',
            dict(type='sslrecipes.AmpOptimWrapper', dtype=None, optimizer=dict(type='SGD', lr=1)),
        ),
        (
            dict(optim_wrapper=dict(_scope_='mmdet', constructor='C', optimizer=dict(type='Lamb'))),
            'optim_wrapper',
            dict(type='sslrecipes.OptimWrapper', constructor='mmdet.C', optimizer=dict(type='mmdet.Lamb')),
        ),
        (
            dict(custom_hooks=[dict(type='SimSiamHook', priority='HIGH', fix_pred_lr=True, lr=1)]),
            'custom_hooks',
            [dict(type='sslrecipes.SimSiamHook', priority='HIGH', fix_pred_lr=True, lr=1)],
        ),
        (
            dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=3, save_best='loss'))),
            'default_hooks.checkpoint',
            dict(type='sslrecipes.CheckpointHook', interval=3, save_best='loss', rule='less'),
        ),
        (
            dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', save_best='error', less_keys=['error']))),
            'default_hooks.checkpoint',
            dict(type='sslrecipes.CheckpointHook', save_best='error', rule='less'),
        ),
        (dict(default_hooks=dict(checkpoint=None)), 'default_hooks.checkpoint', None),
        (
            dict(train_dataloader=dict(persistent_workers=True, num_workers=0)),
            'train_dataloader',
            dict(num_workers=0),
        ),
        (
            dict(train_dataloader=dict(dataset=dict(), sampler=dict(type='InfiniteSampler', shuffle=False))),
            'train_dataloader.sampler',
            dict(type='DefaultSampler', shuffle=False),
        ),
        (
            dict(train_dataloader=dict(dataset=dict(type='ImageNet', _scope_='mmpretrain', pipeline=[]))),
            'train_dataloader.dataset',
            dict(type='sslrecipes.ImageNet', _scope_='mmpretrain', pipeline=[]),
        ),
        (
            dict(model=dict(type='MaskFeat', target_generator=dict(type='HOGGenerator', nbins=9))),
            'model.target_generator',
            dict(type='sslrecipes.HOGGenerator', nbins=9),
        ),
        (
            dict(model=dict(type='BEiT', target_generator=dict(init_cfg=dict(type='Pretrained', checkpoint='x')))),
            'model.target_generator.init_cfg',
            dict(type='Pretrained', checkpoint='x', _scope_='sslrecipes'),
        ),
    ],
)  # fmt: skip
def test_each_part_and_its_place(given, place, expected):
    cfg = upstream(**given)
    adopt(cfg)
    value = cfg
    for key in place.split('.'):
        value = value[key]
    assert value == expected


@pytest.mark.parametrize(
    ('given', 'sentence'),
    [
        (dict(train_cfg=dict(type='RetrievalTrainLoop')), 'train_cfg.type is RetrievalTrainLoop: such a loop can'),
        (
            dict(optim_wrapper=dict(type='ApexOptimWrapper', optimizer=dict(type='SGD'))),
            'optim_wrapper.type is ApexOptimWrapper: losses and gradients that are not finite are not looked for.',
        ),
        (dict(custom_hooks=[dict(type='YOLOXModeSwitchHook')]), 'custom_hooks[0]: YOLOXModeSwitchHook does not switch'),
        (
            dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', out_dir='/elsewhere'))),
            'default_hooks.checkpoint.out_dir has no meaning here',
        ),
        (
            dict(default_hooks=dict(checkpoint=dict(type='CheckpointHook', save_best=['a', 'b']))),
            'default_hooks.checkpoint.save_best: only the best by a is kept.',
        ),
        (
            dict(train_dataloader=dict(persistent_workers=True, num_workers=0)),
            'train_dataloader.persistent_workers=True means nothing with num_workers=0',
        ),
        (
            dict(param_scheduler=[dict(type='CosineAnnealingLR', T_max=200, end=200)]),
            'param_scheduler[0].end has 200, but training ends at train_cfg.max_epochs=2.',
        ),
        (
            dict(model=dict(type='BYOL'), optim_wrapper=dict(accumulative_counts=4, optimizer=dict())),
            'BYOL of mmpretrain moves its momentum network or queue with each of the 4 micro-batches',
        ),
    ],
)  # fmt: skip
def test_what_is_lost_is_said(given, sentence):
    [note] = adopt(upstream(**given)).notes
    assert note.startswith(sentence)


@pytest.mark.parametrize(('by_epoch', 'refused'), [(True, False), (False, True)])
def test_a_loop_that_is_named_twice(by_epoch, refused):
    cfg = upstream(train_cfg=dict(type='EpochBasedTrainLoop', by_epoch=by_epoch, max_epochs=2))
    assert bool(list(loop_has_its_length(cfg))) is refused
    adopt(cfg)
    assert cfg.train_cfg == dict(type='sslrecipes.SSLTrainLoop', max_epochs=2)


def test_without_our_wrapper_nothing_stands_guard():
    cfg = upstream(optim_wrapper=dict(type='OptimWrapperDict'))
    adopt(cfg)
    assert cfg.default_hooks.nonfinite is None


def test_without_our_loop_checkpoints_are_those_of_mmengine():
    cfg = upstream(train_cfg=dict(type='MyLoop'), default_hooks=dict(checkpoint=dict(type='CheckpointHook')))
    adopt(cfg)
    assert cfg.default_hooks.checkpoint.type == 'CheckpointHook'


@pytest.mark.parametrize('scope', ['', "default_scope = 'sslrecipes'"])
def test_a_shorter_run_of_an_inherited_recipe(scope, tmp_path):
    file = tmp_path / 'mine.py'
    file.write_text(
        "_base_ = 'mmpretrain::simclr/simclr_resnet50_8xb32-coslr-200e_in1k.py'\n"
        f'{scope}\ntrain_cfg = dict(max_epochs=1)\ntrain_dataloader = dict(num_workers=0)\n'
    )
    cfg = load_config(file)
    notes = adopt(cfg).notes
    check_schema(cfg)
    assert 'param_scheduler[1].end has 200, but training ends at train_cfg.max_epochs=1.' in notes
    assert cfg.train_cfg == dict(type='sslrecipes.SSLTrainLoop', max_epochs=1)
