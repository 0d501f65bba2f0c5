"""Do the metrics of the validation rise?"""

from __future__ import annotations

from sslrecipes.reports.judgements.judgement import Judgement, judged
from sslrecipes.reports.run_record import RunRecord

#: How names of metrics end, of what is trained with labels, the most telling first.
METRICS = ('accuracy/top1', 'coco/segm_mAP', 'coco/bbox_mAP', 'coco_panoptic/PQ', 'pascal_voc/mAP', 'mIoU')
#: Rise, as a part of the first value, below which nothing is said.
LEAST_RISE = 0.1
QUESTION = 'Does it predict better than at first?'


def metric_of(run: RunRecord) -> str:
    """Name of the metric by which a run with labels is judged; empty for one without."""
    if 'loss_probe' in run.scalars:  # the accuracy is that of a joint probe
        return ''
    return next((name for metric in METRICS for name in run.scalars if name.endswith(metric)), '')


def metrics(run: RunRecord) -> Judgement | None:
    """Compare the last value of the metric with the first; nothing for runs without labels."""
    name = metric_of(run)
    if not name:
        return None
    curve = run.scalars[name]
    first, last, best = curve.values[0], curve.values[-1], max(curve.values)
    told = f'{name} is {last:.4g}'
    if len(curve.values) == 1:
        return judged(QUESTION, 'fact', f'{told}, its only value yet.', 'none', told)
    told = f'{name} went from {first:.4g} to {last:.4g}, at best {best:.4g}'
    if last <= first * (1 + LEAST_RISE):
        return judged(QUESTION, 'unclear', f'{told}.', 'unproven', told)
    return judged(QUESTION, 'fact', f'{told}; how much of that is chance, the number of images decides.', 'rises', told)
