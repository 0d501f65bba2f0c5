from pathlib import Path

import pytest

from sslrecipes.errors import ConfigError
from sslrecipes.studies.jobs import ARGUMENT, BACKBONE, BASE, TRANSFER, _words, weights_places

REST = dict(evaluations={}, claim={})


def test_each_job_stands_behind_those_that_it_needs(jobs):
    found = jobs()
    assert list(found) == [
        *('base', 'base_seed-1', 'more', 'more_seed-1'),
        *('knn/untrained', 'knn/untrained_seed-1', 'knn/more', 'knn/more_seed-1'),
    ]
    more = found['more_seed-1']
    assert more.before == [found['base_seed-1']]
    assert more.overrides == {
        'optim_wrapper.optimizer.lr': '0.0005',
        'randomness.seed': '1',
        'load_from': str(found['base_seed-1'].checkpoint),
    }
    assert str(found['base_seed-1'].checkpoint) == 'out/base_seed-1/epoch_2.pth'
    assert found['knn/more_seed-1'].weights == {ARGUMENT: more}
    assert found['knn/untrained_seed-1'].weights == {}
    assert found['knn/untrained_seed-1'].cfg.randomness.seed == 1


def test_a_factor_multiplies_what_it_concerns_and_what_builds_on_it(jobs):
    found = jobs(
        factors=dict(lr=[1e-3, 3e-3, 2e-3]),
        stages=dict(
            base=dict(recipe='mae.py'),
            more=dict(recipe='mae.py', after='base', options={'optim_wrapper.optimizer.lr': '{lr}'}),
            last=dict(recipe='mae.py', after='more'),
        ),
        claim={},
    )
    assert list(found) == [
        'base',
        *('more_lr-0.001', 'more_lr-0.003', 'more_lr-0.002', 'last_lr-0.001', 'last_lr-0.003', 'last_lr-0.002'),
        *('knn/untrained', 'knn/more_lr-0.001', 'knn/more_lr-0.003', 'knn/more_lr-0.002'),
    ]
    assert {job.before[0] for name, job in found.items() if name.startswith('more')} == {found['base']}
    assert found['last_lr-0.002'].before == [found['more_lr-0.002']]
    assert found['more_lr-0.003'].cfg.optim_wrapper.optimizer.lr == 3e-3


def test_the_size_of_the_pictures_may_be_a_factor(jobs):
    recipe = Path(__file__).parents[2] / 'configs/quickstart/mae_vit-nano-p4_1xb256-coslr-20e_photo-tiles-32px.py'
    stage = dict(recipe=str(recipe), options={'image_size': '{size}'})
    found = jobs(factors=dict(size=[16, 32]), stages=dict(base=stage), evaluations={}, claim={})
    assert list(found) == ['base_size-16', 'base_size-32']
    assert [job.cfg.model.neck.num_patches for job in found.values()] == [16, 64]


def test_folders_tell_values_apart():
    cell = dict(shift=-1, size=(96, 224), name='a/b c', seed=1)
    assert list(_words(cell)) == ['shift--1', 'size--96-224', 'name-a-b-c', 'seed-1']
    assert list(_words(dict(shift=1, seed=0))) == ['shift-1']  # the seed that recipes have by themselves


def test_cells_whose_folders_would_have_one_name_are_refused(jobs):
    with pytest.raises(ConfigError, match=r'"a b" and "a/b" of factors.name'):
        jobs(
            factors=dict(name=['a b', 'a/b']),
            stages=dict(base=dict(recipe='mae.py', options={'model.head.loss.criterion': '{name}'})),
            evaluations={},
            claim={},
        )


def test_stages_whose_folders_would_have_one_name_are_refused(jobs):
    def named(factor):
        return dict(recipe='mae.py', options={'train_dataloader.batch_size': f'{{{factor}}}'})

    with pytest.raises(ConfigError, match=r'"a" and "a_b" would share the folder "a_b_f-1"'):
        jobs(factors=dict(b_f=[1], f=[1]), stages=dict(a=named('b_f'), a_b=named('f')), **REST)


def test_a_grid_that_nobody_means_is_refused_before_it_is_listed(jobs):
    with pytest.raises(ConfigError, match=r'The factors make 250,000 cells, more than 10,000'):
        jobs(factors=dict(seed=list(range(500)), lr=list(range(500))), stages=dict(base=dict(recipe='{lr}.py')), **REST)


def test_a_factor_that_nothing_names_is_refused(jobs):
    with pytest.raises(ConfigError, match=r'factors.size: .*"{size}"'):
        jobs(factors=dict(size=[8, 16]))


def test_a_released_checkpoint_is_no_training(jobs):
    found = jobs(
        stages=dict(released=dict(checkpoint='mae.pth')),
        evaluations=dict(knn=dict(recipe='knn.py')),
        claim={},
        factors={},
    )
    assert list(found) == ['knn/untrained', 'knn/released']
    assert found['knn/released'].weights == {ARGUMENT: 'mae.pth'}
    assert found['knn/released'].before == []


def test_stages_in_options_stand_beside_the_one_before(jobs):
    other = dict(recipe='mae.py', after='base', options={'resume_from': '{base}'})
    found = jobs(factors={}, stages=dict(base=dict(recipe='mae.py'), more=other))
    assert found['more'].weights == {'resume_from': found['base']}
    third = dict(recipe='mae.py', after='more', options={'resume_from': '{base}'})
    found = jobs(factors={}, stages=dict(base=dict(recipe='mae.py'), more=other, third=third))
    assert found['third'].weights == {'resume_from': found['base'], 'load_from': found['more']}
    third = dict(recipe='mae.py', after='more', options={'load_from': '{base}'})
    with pytest.raises(ConfigError, match=r'third.*load_from.*base.*more'):
        jobs(factors={}, stages=dict(base=dict(recipe='mae.py'), more=other, third=third))


@pytest.mark.parametrize(
    ('cfg', 'place'),
    [
        (dict(model=dict(target_generator=dict(type='x')), train_cfg={'a': 1}), BASE),
        (dict(model=dict(backbone=dict(init_cfg=None)), transfer=dict(checkpoint=None)), TRANSFER),
        (dict(model=dict(backbone=dict(init_cfg=dict(type='x'))), train_cfg={'a': 1}), f'{BACKBONE}.checkpoint'),
        (dict(model=dict(backbone=dict(type='x')), train_cfg={'a': 1}), 'load_from'),
        (dict(model=dict(backbone=dict(type='x'))), ARGUMENT),
    ],
)
def test_where_a_recipe_takes_weights(cfg, place):
    from mmengine.config import Config

    assert weights_places(Config(cfg))[0] == place


@pytest.mark.parametrize(
    ('stages', 'sentence'),
    [
        (dict(base=dict(recipe='mea.py'), more=dict(recipe='mae')), 'stages.base: There is no recipe "mea.py"'),
        (
            dict(base=dict(recipe='mae', after='more'), more=dict(recipe='mae', after='base')),
            'base -> more -> base need',
        ),
        (dict(base=dict(recipe='mae', options={'lr': '{sede}'}), more=dict(recipe='mae')), 'Did you mean "seed"?'),
        (
            dict(base=dict(recipe='mae', options={1: 2}), more=dict(recipe='mae')),
            'stages.base.options: the key 1 must be',
        ),
    ],
)
def test_stages_that_can_not_be(jobs, stages, sentence):
    with pytest.raises(ConfigError) as error:
        jobs(stages=stages)
    assert sentence in str(error.value)
