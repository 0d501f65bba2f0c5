import pytest

from sslrecipes.studies.costs import Cost
from sslrecipes.studies.plan import COLUMNS, duration, needed_bytes, plan_rows, remarks, totals
from sslrecipes.studies.records import Record
from sslrecipes.studies.states import CHANGED, FINISHED, NEW, State


@pytest.fixture
def planned(jobs):
    found = list(jobs(factors={}).values())
    states = {job.name: State(NEW) for job in found}
    states['base'] = State(FINISHED, record=Record('done', {}, 90.0))
    states['knn/more'] = State(CHANGED, list('abcdef'))
    return found, states, {name: Cost(2.0, 1000, 30.0, 5 * 10**6) for name in ('base', 'more')}


def test_rows_and_totals(planned):
    found, states, costs = planned
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in plan_rows(*planned)]
    assert [row['stage'] for row in rows] == ['base', 'more', 'knn/untrained', 'knn/more']
    assert (rows[0]['state'], rows[0]['time']) == ('finished', '0:01:30')
    assert (rows[1]['needs'], rows[1]['FLOPs'], rows[1]['time'], rows[1]['disk']) == (
        'base',
        '2 T',
        'about 30 s',
        '5 MB',
    )
    assert {rows[2][name] for name in ('needs', 'images', 'FLOPs', 'time', 'disk')} == {'-'}
    assert remarks(found, states) == ['knn/more is done anew: a; b; c; d; and 2 more']
    assert totals(*planned, at_once=2) == '3 of 4 stages are left: about 15 s and 2 of unknown length, 5 MB on disk.'
    assert needed_bytes(*planned) == 5 * 10**6
    assert totals(found[:1], states, costs, 1) == 'All 1 stages are finished.'


@pytest.mark.parametrize(('seconds', 'words'), [(None, '-'), (0, '0 s'), (59, '59 s'), (3600, '1:00:00')])
def test_durations(seconds, words):
    assert duration(seconds) == words
