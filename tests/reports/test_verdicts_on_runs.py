"""The verdicts on runs that were really made are right."""

import pytest

#: Overall verdict, what the overall answer must say, and the questions with a bad answer.
EXPECTED = {
    'healthy': ('good', '65.5 % in k-NN, the untrained network 58.0 %', []),
    'collapsed': ('bad', 'nearly all images go to the same prototypes', ['images look']),
    'lr_too_high': ('bad', 'has collapsed: embeddings hardly differ', ['images look', 'features', 'learning rate']),
    'diverged': ('bad', 'not finite', ['own task', 'finite']),
    'starved': ('unclear', 'waits for data 51% of the time', ['wait for data']),
    'too_short': ('unclear', '5 optimizer steps', []),
    'wrong_lr': ('bad', 'learning rate is 1/1,000', ['own task', 'learning rate']),
}


@pytest.mark.parametrize('name', EXPECTED)
def test_recorded_runs_are_judged_rightly(judge_recorded, name):
    verdict, words, bad = EXPECTED[name]
    overall, *rest = judge_recorded(name).findings
    assert overall.question == 'Is it learning?'
    assert overall.verdict == verdict, overall.answer
    assert words in overall.answer
    wrong = [finding.question for finding in rest if finding.verdict == 'bad']
    assert len(wrong) == len(bad), wrong
    assert all(any(part in question for question in wrong) for part in bad), wrong
