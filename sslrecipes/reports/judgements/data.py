"""Does it wait for its data, and are they all right?"""

from __future__ import annotations

from statistics import median

from sslrecipes.config.places import value_at
from sslrecipes.errors import counted
from sslrecipes.reports.judgements.judgement import Judgement, judged
from sslrecipes.reports.run_record import RunRecord

#: Shares of the time: up to the first it doesn't matter, from the second on it is bad.
FINE, BAD = 0.1, 0.3
#: Share of bad images from which on the data should be looked at.
BAD_IMAGES = 0.01


def waiting(run: RunRecord) -> Judgement:
    """Tell which share of the time the network waited for data."""
    question = 'Does it wait for data?'
    share = share_of_waiting(run)
    if share is None:
        return judged(question, 'unclear', 'Not known: no times were logged.')
    told = f'{share:.0%} of the time'
    workers = value_at(run.config.values, 'train_dataloader.num_workers')
    own = ', which the training process spends on making them (num_workers=0)' if workers == 0 else ''
    if share < FINE:
        return judged(question, 'good', f'Hardly: {told}{own}.')
    if share < BAD:
        return judged(question, 'fact', f'A little: {told}{own}.')
    advice = 'More workers (train_dataloader.num_workers) help if cores are free'
    advice += '; `python tools/benchmark.py` with `--data` tells what is slow.'
    return judged(question, 'bad', f'Yes: {told}{own}. {advice}', 'trouble', f'it waits for data {told}')


def share_of_waiting(run: RunRecord) -> float | None:
    """Median share of the time that the network waited, as logged or as the times tell."""
    if share := run.curve('data_share'):
        return median(share.values)
    waited, whole = run.curve('data_time'), run.curve('time')
    if not waited or not whole or len(waited.values) != len(whole.values):
        return None
    shares = [part / time for part, time in zip(waited.values, whole.values, strict=True) if time > 0]
    return median(shares) if shares else None


def bad_images(run: RunRecord) -> Judgement | None:
    """Tell about images that couldn't be read; nothing if there are none."""
    if not run.bad_images:
        return None
    share = run.bad_images / run.images if run.images else None
    told = f'{counted(run.bad_images, "training image")} could not be read'
    told += f' ({share:.2%})' if share is not None else ''
    told += ', listed in bad_images.txt; others were taken instead.'
    is_much = share is not None and share >= BAD_IMAGES
    return judged('Are its images all right?', 'bad' if is_much else 'fact', told, 'trouble', told.partition(',')[0])


def steps(run: RunRecord) -> Judgement:
    """Tell about steps whose loss or gradients weren't finite."""
    question = 'Were all steps finite?'
    nan = [name for name, curve in run.scalars.items() if 'loss' in name and any(v != v for v in curve.values)]
    if run.nonfinite and not run.log.skipped and run.state != 'finished':
        told = 'its loss or gradients were not finite any more'
        record = f'`python tools/replay.py {run.folder / "nonfinite" / run.nonfinite[-1]}` looks into the record'
        answer = f'No: {told}, and the run ended there; {record}.'
        return judged(question, 'bad', answer, 'fails', told)
    if nan:
        return judged(question, 'bad', f'No: {", ".join(nan)} became NaN.', 'fails', 'its loss became NaN')
    if run.log.skipped or run.nonfinite:
        count = max(run.log.skipped, len(run.nonfinite))
        told = f'{counted(count, "step")} {"was" if count == 1 else "were"} not finite and left out'
        return judged(question, 'bad', f'No: {told}; their records are in "nonfinite".', 'trouble', told)
    return judged(question, 'good', 'Yes, as far as was logged.')
