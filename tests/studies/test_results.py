import json

import pytest

from sslrecipes.studies.costs import Cost
from sslrecipes.studies.results import Cell, Results
from sslrecipes.studies.states import states_of

COLUMNS = {
    'k-NN': 'knn.acc',
    'same': 'acc',
    'epochs': 'epochs',
    'seconds': 'seconds',
    'GFLOPs': 'gflops',
    'all seconds': 'total seconds',
    'TFLOPs': 'total tflops',
}


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch):
    monkeypatch.setattr('sslrecipes.studies.results.read_scalars', lambda folder: {})


def test_cells():
    cell = Cell([1.0, None, 3.0])
    assert (cell.known, cell.mean, cell.spread) == ([1.0, 3.0], 2.0, pytest.approx(2**0.5))
    assert (Cell([None]).mean, Cell([1.0]).spread) == (None, None)


def results(study, jobs, finish, leave=(), **said):
    entries = dict(claim={}, table=dict(columns=COLUMNS, factor={'k-NN': 100}), **said)
    found = list(jobs(**entries).values())
    for number, job in enumerate(found):
        if job.name not in leave:
            finish(job)
            job.product.write_text(json.dumps(dict(acc=float(number))))
    costs = {job.name: Cost(gflops=2.0, images=500) for job in found if job.trains}
    return Results(study(**entries), found, states_of(found), costs)


def test_rows_are_means_over_seeds_with_what_is_there(study, jobs, finish):
    rows = results(study, jobs, finish, leave=('knn/more_seed-1',)).rows()
    assert [row.network for row in rows] == ['untrained', 'base', 'more']
    untrained, base, more = (row.cells for row in rows)
    assert (untrained['k-NN'].values, untrained['same'].values) == ([400.0, 500.0], [4.0, 5.0])
    assert untrained['epochs'].mean is None
    assert (base['k-NN'].mean, base['epochs'].mean, base['seconds'].mean, base['GFLOPs'].mean) == (None, 2, 3.0, 2.0)
    assert more['k-NN'].values == [600.0, None]


def test_totals_count_the_stages_before(study, jobs, finish):
    untrained, base, more = (row.cells for row in results(study, jobs, finish).rows())
    assert [cells['all seconds'].mean for cells in (untrained, base, more)] == [None, 3.0, 6.0]
    assert [cells['TFLOPs'].mean for cells in (untrained, base, more)] == [None, 1.0, 2.0]


def test_a_total_needs_all_stages(study, jobs, finish):
    _, base, more = (row.cells for row in results(study, jobs, finish, leave=('base', 'base_seed-1')).rows())
    assert base['all seconds'].values == more['all seconds'].values == [None, None]
    assert more['TFLOPs'].mean == 2.0


def test_factors_tell_rows_apart_where_they_count(study, jobs, finish):
    other = dict(recipe='mae.py', after='base', options={'optim_wrapper.optimizer.lr': '{lr}'})
    stages = dict(base=dict(recipe='mae.py'), more=other)
    rows = results(study, jobs, finish, factors=dict(lr=[1e-3, 2e-3]), stages=stages).rows()
    assert [(row.network, row.cell) for row in rows] == [
        ('untrained', {}),
        ('base', {}),
        ('more', {'lr': 1e-3}),
        ('more', {'lr': 2e-3}),
    ]


def test_a_column_that_nothing_measured(study, jobs, finish, monkeypatch):
    monkeypatch.setitem(COLUMNS, 'k-NN', 'knn.acx')
    (sentence,) = results(study, jobs, finish).unknown_columns()
    assert sentence.startswith('No stage measured "acx", which "k-NN" shows. Did you mean "acc"')
