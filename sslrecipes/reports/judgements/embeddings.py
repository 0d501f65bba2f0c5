"""Do different images get different embeddings?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from inspect import signature
from typing import Any

from sslrecipes.engine.hooks.collapse_hook import CollapseHook
from sslrecipes.errors import ConfigError
from sslrecipes.evaluation.collapse import Limits, Look
from sslrecipes.reports.judgements.judgement import Judgement, judged
from sslrecipes.reports.run_record import RunRecord

QUESTION = 'Do different images look different to it?'
#: What the hook logs.
NAMES = ('std', 'rank', 'rank_share', 'assignment_entropy', 'assignment_doubt')
#: Looks in a row that must agree.
LOOKS = 3
#: Part of the untrained network's effective rank, and the rank itself, below which features count as collapsed.
SHARE_OF_UNTRAINED, LEAST_RANK = 0.5, 2.0


def embeddings(run: RunRecord) -> Judgement:
    """Judge by what ``CollapseHook`` logged, else by the features of the newest milestone."""
    looks = _looks(run)
    if not looks:
        return _by_features(run)
    last, symptoms = looks[-1], _symptoms(run, looks)[-LOOKS:]
    seen = f'standard deviation {last.std:.2g} (about 1 if they are spread out)'
    seen += f' and effective rank {last.rank:.1f} of {last.max_rank:.0f} at the last look'
    if len(symptoms) == LOOKS and all(symptoms):
        told = ' and '.join(_limits(run).reasons(last)) or run.log.collapse.partition(': ')[2].partition(';')[0] or seen
        return judged(QUESTION, 'bad', f'No, it has collapsed: {told}.', 'fails', f'it has collapsed: {told}')
    if any(symptoms):
        return judged(QUESTION, 'unclear', f'Not in all of the last {len(symptoms)} looks: {seen}.')
    former = ' It had collapsed for a while, as the log says.' if run.log.collapse else ''
    return judged(QUESTION, 'good', f'Yes: {seen}.{former}', 'differs', 'its embeddings differ')


def _symptoms(run: RunRecord, looks: list[Look]) -> list[bool]:
    """Whether each look found a collapse: as the hook told, or as its limits tell."""
    if told := run.curve('collapse/symptoms'):
        return [count > 0 for count in told.values]
    limits = _limits(run)
    return [bool(limits.reasons(look)) for look in looks]


def _by_features(run: RunRecord) -> Judgement:
    scores = run.scores
    if not scores or not scores.milestones:
        return judged(QUESTION, 'unclear', _unknown(run))
    newest, untrained = scores.milestones[-1], scores.untrained
    seen = f'the features of {newest.name} have effective rank {newest.rank:.1f} of {newest.largest_rank}'
    if untrained:
        seen += f', those of the untrained network {untrained.rank:.1f}'
    if newest.rank < LEAST_RANK and (not untrained or newest.rank < SHARE_OF_UNTRAINED * untrained.rank):
        return judged(QUESTION, 'bad', f'Hardly: {seen}.', 'fails', seen)
    return judged(QUESTION, 'fact', f'{seen[0].upper()}{seen[1:]}. Its embeddings were not looked at in training.')


def _unknown(run: RunRecord) -> str:
    hook = next(_hooks(run), None)
    if hook is None:
        return 'Not known: add `CollapseHook` to the recipe, or let the milestones be evaluated.'
    interval = hook.get('interval', signature(CollapseHook).parameters['interval'].default)
    return (
        f'Not known: too short for the first look of `CollapseHook` after {interval} steps (its `interval`); let the '
        'milestones be evaluated.'
    )


def _looks(run: RunRecord) -> list[Look]:
    """What the hook saw; the entropy that could be attained isn't logged, the highest that was stands for it."""
    if any(f'collapse/{name}' not in run.scalars for name in NAMES[:3]):
        return []
    columns = [_column(run, name) for name in NAMES]
    attained = max(columns[3], default=math.nan)
    return [
        Look(std, rank, rank / share if share else math.nan, usage, doubt, attained, math.nan)
        for std, rank, share, usage, doubt in zip(*columns, strict=False)
    ]


def _column(run: RunRecord, name: str) -> list[float]:
    curve = run.curve(f'collapse/{name}')
    return curve.values if curve else [math.nan] * len(run.scalars['collapse/std'].values)


def _limits(run: RunRecord) -> Limits:
    """The limits of the run's own hook."""
    try:
        return Limits.of(next((hook.get('limits') for hook in _hooks(run)), None))
    except ConfigError:
        return Limits()


def _hooks(run: RunRecord) -> Iterator[Mapping[str, Any]]:
    """Yield the options of each ``CollapseHook`` of the recipe."""
    hooks = run.config.values
    for hook in [*(hooks.get('default_hooks') or {}).values(), *(hooks.get('custom_hooks') or ())]:
        if isinstance(hook, dict) and 'CollapseHook' in str(hook.get('type')):
            yield hook
