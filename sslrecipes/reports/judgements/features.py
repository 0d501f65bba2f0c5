"""Have the features become better than those of the untrained network, and which milestone has the best?"""

from __future__ import annotations

from collections.abc import Sequence

from sslrecipes.reports.comparison import CLEAR, Difference
from sslrecipes.reports.judgements.judgement import Judgement, judged
from sslrecipes.reports.run_record import RunRecord
from sslrecipes.reports.scores import Score, Scores

QUESTION = 'Are its features better than those of an untrained network?'


def features(run: RunRecord) -> list[Judgement]:
    """Compare the newest milestone with the untrained network and the reference, and the milestones with another."""
    scores = run.scores
    if not scores or not scores.milestones:
        return [judged(QUESTION, 'unclear', f'Not known: {run.no_scores or "no milestone was evaluated"}.')]
    found = [against_untrained(scores)]
    if scores.reference:
        found.append(against_reference(scores, scores.reference))
    if len(scores.milestones) > 1:
        found.append(best_milestone(scores))
    return found


def against_untrained(scores: Scores) -> Judgement:
    """Compare the newest milestone with the network as initialised: it must be better with each k."""
    newest, untrained = scores.milestones[-1], scores.untrained
    if not untrained:
        return judged(QUESTION, 'unclear', 'Not known: the untrained network could not be evaluated.')
    gains = differences(newest, untrained)
    told = f'{_accuracies(newest, scores)}, against {untrained.main.accuracy:.1f} % of the untrained network'
    by_k = f'the difference is {_listed(gains)}'
    if all(gain.is_clear and gain.value > 0 for gain in gains.values()):
        reason = f'{newest.name} reaches {newest.main.accuracy:.1f} % in k-NN, the untrained network '
        reason += f'{untrained.main.accuracy:.1f} %'
        return judged(QUESTION, 'good', f'Yes: {told}; {by_k}.', 'learns', reason)
    if all(gain.is_clear and gain.value < 0 for gain in gains.values()):
        worse = f'in k-NN its features are worse than those of the untrained network ({newest.main.accuracy:.1f} %'
        worse += f' against {untrained.main.accuracy:.1f} %)'
        return judged(QUESTION, 'bad', f'No, worse: {told}; {by_k}.', 'unproven', worse)
    beyond = f'is not beyond {CLEAR:.0f} standard errors with each number of neighbours'
    reason = 'k-NN gives no evidence that its features are better than those of the untrained network'
    figures = f' ({newest.main.accuracy:.1f} % against {untrained.main.accuracy:.1f} %, {newest.main.images} images)'
    return judged(QUESTION, 'unclear', f'No evidence: {told}; {by_k}, which {beyond}.', 'unproven', reason + figures)


def against_reference(scores: Scores, reference: Score) -> Judgement:
    """Compare the newest milestone with the reference checkpoint."""
    newest = scores.milestones[-1]
    gain = newest.main.less(reference.main)
    told = f'{newest.main.accuracy:.1f} % against {reference.main.accuracy:.1f} % (difference {gain})'
    question = 'Does it reach the reference?'
    if not gain.is_clear:
        return judged(question, 'unclear', f'In k-NN they can not be told apart: {told}.')
    better = gain.value > 0
    return judged(question, 'good' if better else 'bad', f'In k-NN it is {"better" if better else "worse"}: {told}.')


def best_milestone(scores: Scores) -> Judgement:
    """Name the milestone with the best k-NN, and those that can't be told from it."""
    best = max(scores.milestones, key=lambda score: score.main.accuracy)
    alike = [score.name for score in scores.milestones if score is not best and not _is_worse(score, best)]
    told = f'{best.name}, with {best.main.accuracy:.1f} % in k-NN'
    question = 'Which milestone is best?'
    if not alike:
        return judged(question, 'fact', f'{told}; all others are clearly worse.')
    if len(alike) == len(scores.milestones) - 1:
        return judged(question, 'unclear', f'They can not be told apart: {told}, is ahead by no more than chance.')
    return judged(question, 'fact', f'{told}; {", ".join(alike)} can not be told from it.')


def differences(score: Score, other: Score) -> dict[int, Difference]:
    """Differences in accuracy by the number of neighbours."""
    return {k: hits.less(other.hits[k]) for k, hits in score.hits.items() if k in other.hits}


def _is_worse(score: Score, best: Score) -> bool:
    return score.main.less(best.main).is_clear


def _accuracies(score: Score, scores: Scores) -> str:
    where = f'{score.main.images} {scores.images}'
    return f'{score.name} reaches {score.main.accuracy:.1f} % (k-NN within {where}, k = {score.k})'


def _listed(gains: dict[int, Difference]) -> str:
    parts: Sequence[str] = [f'{gain} with k = {k}' for k, gain in gains.items()]
    return ', '.join(parts)
