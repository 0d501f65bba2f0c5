import pytest

from sslrecipes.errors import ConfigError
from sslrecipes.studies.reading import read_study

STAGE = dict(base=dict(recipe='mae.py'))


def test_what_is_said_and_what_follows(study):
    small = study()
    assert small.title == 'A small study'
    assert small.work_dir == 'work_dirs/other'
    assert list(small.stages) == ['base', 'more']
    assert small.evaluations['knn'].of == ['more']
    assert small.evaluations['knn'].untrained
    assert small.table.rows == ['stage']
    assert small.table.spread == ['seed']
    assert small.claim.by == ['k-NN']


def test_evaluations_are_of_all_stages_by_default_and_seeds_can_be_counted(study):
    small = study(seeds=3, evaluations=dict(knn=dict(recipe='knn.py')))
    assert small.evaluations['knn'].of == ['base', 'more']
    assert small.factors['seed'] == [0, 1, 2]


@pytest.mark.parametrize(
    ('said', 'sentence'),
    [
        (dict(stages=dict(base=dict(recipe='mae.py', afer='x'))), 'stages.base has no "afer". Did you mean "after"?'),
        (dict(stages=dict(base=dict(recipe='mae.py', after='bse'))), 'stages.base.after names "bse"'),
        (dict(stages=dict(base=dict(title='no recipe'))), 'stages.base needs a recipe, or a checkpoint'),
        (dict(stages=dict(base=dict(recipe='a', checkpoint='b'))), 'stages.base needs a recipe, or a checkpoint'),
        (dict(stages={'knn': dict(recipe='mae.py')}), 'evaluations.knn: "knn" is one of the stages already'),
        (dict(stages={'untrained': dict(recipe='mae.py')}), '"untrained" is a word of its own already'),
        (dict(stages={'a b': dict(recipe='mae.py')}), '"a b" is no name such as "base"'),
        (dict(stages={}), 'A study needs stages'),
        (dict(evaluations=dict(knn=dict(of='more'))), 'evaluations.knn needs recipe'),
        (dict(evaluations=dict(knn=dict(recipe='knn.py', of='mor'))), 'Did you mean "more"?'),
        (dict(factors=dict(seed=[0, 0])), 'factors.seed has 0 and 0, which are the same'),
        (dict(factors=dict(seed=[])), 'factors.seed must be a list of values'),
        (dict(claim=dict(pairs=[('more',)])), 'claim.pairs must be pairs'),
        (dict(claim=dict(pairs=[('more', 'bas')])), 'Did you mean "base"?'),
        (dict(claim=dict(pairs=[('more siz=1', 'base')])), 'claim.pairs names "siz"'),
        (dict(claim=dict(by='kNN')), 'claim.by names "kNN"'),
        (dict(table=dict(columns={'k-NN': 'loss'}, rows=['size'])), 'table.rows names "size"'),
        (dict(pictures=dict(views=dict(tool='views', of='bse'))), 'pictures.views.of names "bse"'),
    ],
)
def test_what_can_not_be_meant(study, said, sentence):
    with pytest.raises(ConfigError) as error:
        study(**said)
    assert sentence in str(error.value)


def test_other_keys_are_refused(study, tmp_path):
    (tmp_path / 'odd.py').write_text("_base_ = 'small.py'\nstage = dict()\n")
    with pytest.raises(ConfigError, match=r'A study has no "stage". Did you mean "stages"?'):
        read_study('odd.py')


@pytest.mark.parametrize(
    ('said', 'sentence'),
    [
        (dict(factors=dict(lr=[1, 1.0])), 'has 1 and 1.0, which are the same'),
        (dict(factors=dict(seed=[None])), 'a seed is None'),
        (dict(table=dict(columns={'k-NN': 3})), "table.columns['k-NN'] is 3"),
        (dict(table=dict(columns={'k-NN': 'acc'}, factor={'k-NN': 'x'})), "table.factor['k-NN'] is 'x'"),
        (dict(pictures=dict(p=dict(tool='view', of='base'))), 'there is no "view". Did you mean "views"?'),
        (dict(pictures=dict(p=dict(tool='views', of='base', arguments=dict(file='../x.png')))), 'must be a path below'),
        (dict(pictures=dict(p=dict(tool='views', of='base', arguments=dict(samples=3)))), 'samples is 3'),
        (dict(claim=dict(pairs=[('base', 'base')])), 'claim.pairs must be pairs'),
        (dict(stages=dict(a=dict(checkpoint='a.pth', after='a'))), 'is a checkpoint: options and after mean nothing'),
    ],
)
def test_what_would_fail_after_the_work_is_told_before(study, said, sentence):
    with pytest.raises(ConfigError) as told:
        study(**said)
    assert sentence in str(told.value)


def test_rows_can_be_told_apart(study):
    with pytest.raises(ConfigError, match=r'table\.rows must name'):
        study(table=dict(rows=['stage'], spread=[], columns={'k-NN': 'acc'}))
