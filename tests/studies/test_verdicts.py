from dataclasses import replace

import pytest

from sslrecipes.studies.results import Cell, Row
from sslrecipes.studies.study import Claim
from sslrecipes.studies.verdicts import Comparison, verdict_on_claim

COLUMNS = {'k-NN': 'knn.acc', 'epochs': 'epochs'}


@pytest.mark.parametrize(
    ('pairs', 'verdict'),
    [
        ([(2, 1)], 'unclear'),  # a single run tells nothing
        ([(2, 1), (2, 1), (2, 1)], 'unclear'),  # nor does one that no seed changes
        ([(2.0, 1.0), (2.1, 1.0), (2.0, 1.1)], 'good'),
        ([(1.0, 2.0), (1.0, 2.1), (1.1, 2.0)], 'bad'),
        ([(2.0, 1.0), (1.0, 2.0), (2.0, 1.0)], 'unclear'),
        ([(50.0, 40.0), (60.0, 49.9), (40.0, 30.1)], 'good'),  # seeds differ by more than the networks do
    ],
)
def test_what_is_beyond_chance(pairs, verdict):
    assert Comparison('a', 'b', 'k-NN', pairs).verdict == verdict


def test_intervals_are_those_of_students_t():
    low, high = Comparison('a', 'b', 'k-NN', [(1, 0), (2, 0), (3, 0)]).interval
    assert (low, high) == pytest.approx((2 - 2.484, 2 + 2.484), abs=1e-3)  # 4.303 / sqrt(3)


def test_each_network_is_compared_with_the_untrained_one_by_what_is_measured(study):
    def row(network, values):
        return Row(network, network, {}, {'k-NN': Cell(values), 'epochs': Cell([2, 2, 2])})

    small = study(claim=dict(pairs=[('more', 'base')]), table=dict(columns=COLUMNS))
    rows = [row('untrained', [1, 1.1, 1]), row('base', [5, 5.1, 5.2]), row('more', [4, None, 4.2])]
    findings = verdict_on_claim(small, rows)
    assert [(finding.question, finding.verdict) for finding in findings] == [
        ('Is more better than base?', 'bad'),
        ('Is base better than the untrained network?', 'good'),
        ('Is more better than the untrained network?', 'good'),
    ]
    assert 'epochs' not in ''.join(finding.answer for finding in findings)
    (told,) = verdict_on_claim(small, rows[1:2])
    assert (told.question, told.verdict) == ('Is more better than base?', 'unclear')
    assert 'no figures of both' in told.answer


def test_values_of_a_factor_are_compared_within_what_else_they_share(study):
    rows = [
        Row('more', 'M', {'size': size, 'method': method}, {'k-NN': Cell([value, value + 0.1])})
        for size, method, value in ((8, 'a', 3.0), (8, 'b', 1.0), (16, 'a', 30.0), (16, 'b', 10.0))
    ]
    small = replace(
        study(table=dict(columns={'k-NN': 'knn.acc'})), claim=Claim(pairs=[('more method=a', 'more method=b')])
    )
    (finding,) = verdict_on_claim(small, rows)
    assert (finding.question, finding.verdict) == ('Is more a better than more b?', 'good')
    assert 'k-NN (size 8) +2.0' in finding.answer
    assert 'k-NN (size 16) +20.0' in finding.answer
    assert finding.answer.count('against') == 2
