"""Has the run been long enough to be judged, and is it over?"""

from __future__ import annotations

from sslrecipes.config.places import value_at
from sslrecipes.errors import counted
from sslrecipes.reports.judgements.judgement import Judgement, judged
from sslrecipes.reports.run_record import RunRecord

#: Optimizer steps before which a run that shows nothing isn't blamed for it.
LEAST_STEPS = 100
#: Points of a curve that make a trend.
LEAST_POINTS = 5


def length(run: RunRecord) -> Judgement:
    """Tell how far the run has come, and whether that is enough for a negative answer."""
    done = f'{counted(updates(run), "optimizer step")}'
    if run.epoch:
        done += f', in epoch {run.epoch} of {run.epochs}'
    where = {
        'finished': f'It is finished, after {done}',
        'going on': f'It is going on, now at {done}',
        'broken off': f'It was broken off after {done}; `--resume` goes on from the last checkpoint',
        'unknown': f"It has done {done}; whether it goes on isn't known",
    }[run.state]
    missing = too_short(run)
    if missing:
        return judged('Has it been long enough?', 'unclear', f'{where}: {missing}.', 'early', missing)
    if run.state == 'broken off':
        return judged('Has it been long enough?', 'bad', f'{where}.', 'trouble', 'it was broken off')
    return judged('Has it been long enough?', 'fact', f'{where}.')


def too_short(run: RunRecord) -> str:
    """Say why the run is too short to be judged; empty if it isn't."""
    loss = run.loss()
    steps, points = updates(run), len(loss.values) if loss else 0
    if steps < LEAST_STEPS:
        return f'{counted(steps, "optimizer step")} of at least {LEAST_STEPS} that a judgement needs'
    if points < LEAST_POINTS:
        return f'the loss was logged {counted(points, "time")}, a trend needs {LEAST_POINTS}'
    if run.epoch and run.epoch <= warm_up(run):
        return f'the learning rate still warms up, until epoch {warm_up(run)}'
    return ''


def updates(run: RunRecord) -> int:
    """Optimizer steps done."""
    return run.step // run.steps_per_update


def warm_up(run: RunRecord) -> int:
    """Epochs of the first schedule's warm-up, as far as the config tells."""
    schedules = run.config.values.get('param_scheduler') or ()
    first = (schedules if isinstance(schedules, list | tuple) else [schedules])[:1]
    told = value_at(first[0], 'warmup_epochs') if first else None
    return int(told) if isinstance(told, int | float) else 0
