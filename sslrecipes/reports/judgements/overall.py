"""Is it learning? The rule by which that follows from the other answers; docs/report.md says it in words."""

from __future__ import annotations

from collections.abc import Sequence

from sslrecipes.reports.contents import Finding, Setting
from sslrecipes.reports.judgements.data import bad_images, steps, waiting
from sslrecipes.reports.judgements.embeddings import embeddings
from sslrecipes.reports.judgements.features import features
from sslrecipes.reports.judgements.judgement import Judgement, Sign
from sslrecipes.reports.judgements.length import length
from sslrecipes.reports.judgements.loss import loss
from sslrecipes.reports.judgements.metrics import metrics
from sslrecipes.reports.judgements.schedule import schedule
from sslrecipes.reports.run_record import RunRecord

QUESTION = 'Is it learning?'


def judge(run: RunRecord, settings: list[Setting]) -> list[Finding]:
    """Answer all questions about a run, the one that follows from the others first."""
    about = [loss(run), *filter(None, [metrics(run)]), embeddings(run), *features(run), steps(run)]
    fails = any(judgement.sign == 'fails' for judgement in about)
    rest = [schedule(run, settings, fails), waiting(run), bad_images(run), length(run)]
    found = [*about, *filter(None, rest)]
    return [overall(found), *(judgement.finding for judgement in found)]


def overall(found: Sequence[Judgement]) -> Finding:
    """Draw the conclusion.

    No, if anything shows that it fails. Yes, if its features became clearly better than the untrained network's, or
    the metric of its validation rose; or if these weren't measured, but its loss left the trivial line and its
    embeddings differ. Else it can't be told.
    """
    said = {sign: [judgement.reason for judgement in found if judgement.sign == sign] for sign in SIGNS}
    trouble = f' But {_joined(said["trouble"])}.' if said['trouble'] else ''
    if said['fails']:
        also = f' Also, {_joined(said["trouble"])}.' if said['trouble'] else ''
        return Finding(QUESTION, 'bad', f'No: {_joined(said["fails"])}.{also}')
    if said['learns']:
        return Finding(QUESTION, 'good', f'Yes: {_joined([*said["learns"], *said["trains"]])}.{trouble}')
    if said['early']:
        return Finding(QUESTION, 'unclear', f'It can not be told yet: {_joined(said["early"])}.{trouble}')
    if said['rises']:
        reasons = _joined([*said['rises'], *said['trains']])
        return Finding(QUESTION, 'good', f'Yes, as far as its validation tells: {reasons}.{trouble}')
    if said['unproven']:
        own = f'{_joined(said["trains"])}, but ' if said['trains'] else ''
        return Finding(QUESTION, 'unclear', f'It can not be told: {own}{_joined(said["unproven"])}.{trouble}')
    if said['trains'] and said['differs']:
        limits = 'how good its features are was not measured'
        reasons = _joined([*said['trains'], *said['differs']])
        return Finding(QUESTION, 'good', f'Yes, as far as loss and embeddings tell: {reasons}; {limits}.{trouble}')
    known = f'{_joined(said["trains"])}, which alone is no proof' if said['trains'] else 'the figures do not say'
    return Finding(QUESTION, 'unclear', f'It can not be told: {known}.{trouble}')


SIGNS: tuple[Sign, ...] = ('learns', 'trains', 'differs', 'rises', 'fails', 'early', 'unproven', 'trouble')


def _joined(reasons: Sequence[str]) -> str:
    return ', and '.join(dict.fromkeys(filter(None, reasons)))
