import pytest

from sslrecipes.reports.judgements.judgement import judged
from sslrecipes.reports.judgements.overall import overall

#: Signs of the answers; verdict and beginning of the overall one.
RULE = [
    (['fails', 'learns', 'trains', 'differs'], 'bad', 'No: fails.'),
    (['learns', 'early', 'trains'], 'good', 'Yes: learns, and trains.'),
    (['early', 'trains', 'differs', 'unproven'], 'unclear', 'It can not be told yet: early.'),
    (['rises', 'trains', 'unproven'], 'good', 'Yes, as far as its validation tells: rises, and trains.'),
    (['unproven', 'trains', 'differs'], 'unclear', 'It can not be told: trains, but unproven.'),
    (['trains', 'differs'], 'good', 'Yes, as far as loss and embeddings tell: trains, and differs;'),
    (['trains'], 'unclear', 'It can not be told: trains, which alone is no proof.'),
    ([], 'unclear', 'It can not be told: the figures do not say.'),
]


@pytest.mark.parametrize(('signs', 'verdict', 'beginning'), RULE, ids=[' '.join(signs) or 'none' for signs, *_ in RULE])
def test_the_first_rule_that_applies_decides_and_trouble_is_told_beside_it(signs, verdict, beginning):
    found = [judged('', 'fact', '', sign, sign) for sign in [*signs, 'none']]
    assert overall(found).verdict == verdict
    assert overall(found).answer.startswith(beginning)
    told = overall([*found, judged('', 'bad', '', 'trouble', 'it waits')])
    assert told.verdict == verdict
    assert 'it waits.' in told.answer
