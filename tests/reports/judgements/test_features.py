import pytest

from sslrecipes.reports.comparison import Hits
from sslrecipes.reports.judgements.features import against_untrained, best_milestone
from sslrecipes.reports.scores import Score, Scores


def score(name, *right, images=80):
    hits = {k: Hits((1 << count) - 1, images) for k, count in zip((1, 20), right, strict=False)}
    return Score(name, name, hits, 10.0, 64, 0.7)


@pytest.mark.parametrize(
    ('trained', 'untrained', 'sign', 'verdict'),
    [
        ((75, 75), (74, 74), 'unproven', 'unclear'),
        ((75, 75), (60, 60), 'learns', 'good'),
        ((75, 75), (60, 74), 'unproven', 'unclear'),
        ((50, 50), (60, 60), 'unproven', 'bad'),
    ],
    ids=['one image of eighty', 'better with each k', 'better with one k', 'worse'],
)
def test_only_what_is_clear_with_each_number_of_neighbours_is_evidence(trained, untrained, sign, verdict):
    scores = Scores('images', [score('epoch_1', 0, 0), score('epoch_2', *trained)], score('untrained', *untrained))
    judgement = against_untrained(scores)
    assert (judgement.sign, judgement.finding.verdict) == (sign, verdict)
    assert 'epoch_2' in judgement.finding.answer


def test_milestones_within_sampling_error_are_told():
    scores = Scores('images', [score(f'epoch_{epoch}', 0, right) for epoch, right in ((1, 20), (2, 74), (3, 75))])
    answer = best_milestone(scores).finding.answer
    assert answer.startswith('epoch_3, with 93.8 % in k-NN; epoch_2 can not be told from it.')
    alike = Scores('images', [score('epoch_1', 0, 74), score('epoch_2', 0, 75)])
    assert 'by no more than chance' in best_milestone(alike).finding.answer
