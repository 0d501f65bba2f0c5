"""Has the loss left the line on which a network tells no images apart?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from sslrecipes.reports.judgements.judgement import Judgement, judged
from sslrecipes.reports.judgements.length import too_short
from sslrecipes.reports.run_record import RunRecord
from sslrecipes.visualization.curves import Curve

QUESTION = 'Does it solve its own task?'
NOBODY = 'a network that tells no images apart'
#: Parts of the trivial loss that count as a difference from it, if the noise of the curve isn't larger.
LEAST_SHARE = 0.01
#: Times the trivial loss from which on a loss has exploded, however short the run.
EXPLODED = 5.0


@dataclass(frozen=True)
class Course:
    """The course of a loss.

    Attributes:
        start: Its first value.
        end: Its level at the end: the median of the last tenth, at least of three values.
        lowest: Its lowest value.
        noise: Standard deviation of a value about its neighbours.
    """

    start: float
    end: float
    lowest: float
    noise: float

    @classmethod
    def of(cls, curve: Curve) -> Course | None:
        """Look at a curve; None if it holds no finite value."""
        values = [value for value in curve.values if math.isfinite(value)]
        if not values:
            return None
        last = values[-max(3, len(values) // 10) :]
        later = values[len(values) // 2 :]
        steps = [abs(after - before) for before, after in pairwise(later)]
        return cls(values[0], median(last), min(values), median(steps) if steps else 0.0)


def loss(run: RunRecord) -> Judgement:
    """Compare the loss with its trivial line and with its start."""
    curve = run.loss()
    course = Course.of(curve) if curve else None
    if course is None:
        return judged(QUESTION, 'unclear', 'No loss was logged.')
    line = run.trivial_loss
    margin = max(3 * course.noise, LEAST_SHARE * abs(line if line is not None else course.start))
    figures = f'The loss went from {course.start:.4g} to {course.end:.4g}'
    highest = course.start if line is None else max(course.start, line)
    if course.end > highest + margin or (line is not None and course.end > EXPLODED * line):
        above = '' if line is None else f', above the {line:.4g} of {NOBODY}'
        return judged(
            QUESTION, 'bad', f'No: {_small(figures)}{above}.', 'fails', f'its loss is {course.end:.4g}{above}'
        )
    if line is None:
        return _without_line(course, margin, figures)
    return _with_line(run, course, line, margin, figures)


def _with_line(run: RunRecord, course: Course, line: float, margin: float, figures: str) -> Judgement:
    compared = f'{figures}; {NOBODY} has {line:.4g}{_floor(run, course, line)}'
    fell, below = course.end < course.start - margin, course.end < line - margin
    if fell and below:
        reason = f'its loss fell to {course.end:.4g}, below the {line:.4g} of {NOBODY}'
        return judged(QUESTION, 'good', f'Yes: {_small(compared)}.', 'trains', reason)
    if too_short(run):
        return judged(QUESTION, 'unclear', f'{compared}. The run is too short to blame it for that.')
    if below:
        return judged(QUESTION, 'unclear', f'{compared}. It was below that from the beginning, and did not fall.')
    reason = f'its loss, {course.end:.4g}, is not below the {line:.4g} of {NOBODY}'
    return judged(QUESTION, 'bad', f'No: {_small(compared)}.', 'fails', reason)


def _without_line(course: Course, margin: float, figures: str) -> Judgement:
    unknown = f'what {NOBODY} would have is not known for this method'
    if course.end < course.start - margin:
        return judged(QUESTION, 'fact', f'{figures}: it fell; {unknown}.', 'none', f'its loss fell to {course.end:.4g}')
    return judged(QUESTION, 'unclear', f'{figures}: it did not fall beyond its noise; {unknown}.')


def _floor(run: RunRecord, course: Course, line: float) -> str:
    """Name the entropy of the targets, below which no cross-entropy can fall."""
    logged = [name for name in run.scalars if name.rpartition('/')[2].startswith('target_entropy')]
    entropies = [value for name in logged if math.isfinite(value := run.scalars[name].values[-1])]
    if not entropies:
        return ''
    floor = sum(entropies)
    told = f', and the entropy of its targets, below which it can not fall, is {floor:.4g}'
    return f'{told}: {(line - course.end) / (line - floor):.0%} of the way' if line - floor > 1e-6 else told


def _small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
