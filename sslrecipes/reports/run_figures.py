"""The answers and figures of runs as plain values, for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sslrecipes.reports.judgements.data import share_of_waiting
from sslrecipes.reports.judgements.length import updates
from sslrecipes.reports.judgements.loss import Course
from sslrecipes.reports.run_report import JudgedRun
from sslrecipes.reports.scores import Score


def figures_of(judged: Sequence[JudgedRun]) -> dict[str, Any]:
    """What a report says of each run; None stands for what isn't known or isn't finite."""
    return {'runs': [_of_run(one) for one in judged]}


def _of_run(one: JudgedRun) -> dict[str, Any]:
    run, scores = one.run, one.run.scores
    course = Course.of(curve) if (curve := run.loss()) else None
    last = {name: _finite(curve.values[-1]) for name, curve in run.scalars.items()}
    return {
        'name': one.name,
        'folder': str(run.folder),
        'recipe': run.config.recipe,
        'state': run.state,
        'verdict': one.findings[0].verdict,
        'findings': [asdict(finding) for finding in one.findings],
        'epoch': run.epoch,
        'optimizer_steps': updates(run),
        'seconds': run.log.seconds,
        'loss': {name: _finite(value) for name, value in asdict(course).items()} if course else None,
        'trivial_loss': run.trivial_loss,
        'waiting': share_of_waiting(run),
        'bad_images': run.bad_images,
        'last': last,
        'images': scores.images if scores else None,
        'milestones': [_of_score(score) for score in scores.milestones] if scores else [],
        'untrained': _of_score(scores.untrained) if scores and scores.untrained else None,
        'reference': _of_score(scores.reference) if scores and scores.reference else None,
        'settings': [asdict(setting) for setting in one.settings],
    }


def _of_score(score: Score) -> dict[str, Any]:
    knn = {f'top1_k{k}': round(hits.accuracy, 3) for k, hits in score.hits.items()}
    return {'name': score.name, **knn, 'images': score.main.images, 'rank': _finite(score.rank), 'std': score.std}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
