"""What the parts of a multi-crop recipe must agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sslrecipes.config.places import Objection, value_at, walk
from sslrecipes.config.rules.queues import shorter_than_a_step, torn_batches
from sslrecipes.config.rules.sizes import differ
from sslrecipes.config.rules.views import other_weights

LOSS_WEIGHTS = 'model.head.loss_weights'
QUEUE = 'model.head.queue_length'
BATCH = 'train_dataloader.batch_size'
ACCUMULATION = 'optim_wrapper.accumulative_counts'
DATASET = 'train_dataloader.dataset'
#: Heads of methods on several views -> their option that is the width of the neck's output.
HEADS = {
    'DINOHead': 'out_channels',
    **dict.fromkeys(('MoCoHead', 'DenseCLHead', 'SwAVHead'), 'feat_channels'),
}
#: Heads on other views, whose widths are stated alike.
OTHER_HEADS = ('W2SSLHead',)
#: Heads of methods on two views.
TWO_VIEW_HEADS = ('PredictionHead', 'SimCLRHead', 'CrossCorrelationHead', 'DenseCLHead')


def views_have_their_weights(cfg: Any) -> Iterator[Objection]:
    """The loss has the weights that the views need."""
    weights = value_at(cfg, LOSS_WEIGHTS)
    if _head(cfg) in HEADS and isinstance(weights, (list, tuple)):
        for place, locals_ in _numbers_of_locals(cfg):
            if sentence := other_weights(LOSS_WEIGHTS, len(weights), locals_):
                yield sentence, (LOSS_WEIGHTS, place)


def views_are_two(cfg: Any) -> Iterator[Objection]:
    """Methods that compare two views of an image get no local ones."""
    if _head(cfg) in TWO_VIEW_HEADS:
        for place, locals_ in _numbers_of_locals(cfg):
            if locals_:
                yield f'{place} is {locals_}, but {_head(cfg)} compares two views of an image: set it to 0.', (place,)


def queue_holds_whole_batches(cfg: Any) -> Iterator[Objection]:
    """MoCo's queue is filled batch by batch; how many processes there are is known only later."""
    ours = QUEUE if _head(cfg) in ('MoCoHead', 'DenseCLHead') else ''
    for place in filter(None, (ours, 'model.queue_len')):  # the second is that of mmpretrain's MoCo and DenseCL
        length, batch = value_at(cfg, place), value_at(cfg, BATCH)
        if type(length) is type(batch) is int and (sentence := torn_batches(place, length, batch)):
            yield sentence, (place, BATCH)


def queue_holds_a_step(cfg: Any) -> Iterator[Objection]:
    """A queue is no shorter than the images of an optimizer step, of which one process has the fewest."""
    length, batch, count = value_at(cfg, QUEUE), value_at(cfg, BATCH), value_at(cfg, ACCUMULATION, 1)
    if _head(cfg) not in ('MoCoHead', 'DenseCLHead', 'SwAVHead') or not type(length) is type(batch) is int:
        return
    if sentence := shorter_than_a_step(QUEUE, length, batch, count, may_be_none=_head(cfg) == 'SwAVHead'):
        yield sentence, (QUEUE, BATCH)


def probe_has_labels(cfg: Any) -> Iterator[Objection]:
    """A joint probe learns from the labels of the training images."""
    if not value_at(cfg, 'model.probe'):
        return
    for place, node in walk(value_at(cfg, DATASET), DATASET):
        if value_at(node, 'type') == 'ImageFolder' or value_at(node, 'with_label') is False:
            hint = 'use labelled data, or set model.probe=None'
            yield f'model.probe needs labels, but the images of {place} have none: {hint}.', ('model.probe', place)


def widths_agree(cfg: Any) -> Iterator[Objection]:
    """Backbone features, projection and loss of a multi-crop method have the widths that their neighbours expect."""
    if _head(cfg) not in (*HEADS, *TWO_VIEW_HEADS, *OTHER_HEADS):
        return
    pairs = [('model.neck.in_channels', f'model.{part}.in_channels') for part in ('probe', 'head')]
    if option := HEADS.get(_head(cfg)):
        pairs.append(('model.neck.out_channels', f'model.head.{option}'))
    pairs += [('model.neck.out_channels', f'model.head.predictor.{side}_channels') for side in ('in', 'out')]
    for one, other in pairs:
        first, second = value_at(cfg, one), value_at(cfg, other)
        if type(first) is type(second) is int and (sentence := differ(one, first, other, second)):
            yield sentence, (one, other)


MULTI_CROP_COMBINATIONS: tuple[Callable[[Any], Iterator[Objection]], ...] = (
    views_have_their_weights,
    views_are_two,
    queue_holds_whole_batches,
    queue_holds_a_step,
    probe_has_labels,
    widths_agree,
)


def _head(cfg: Any) -> str:
    """Name of the class of the head."""
    return str(value_at(cfg, 'model.head.type')).rpartition('.')[2]


def _numbers_of_locals(cfg: Any) -> Iterator[tuple[str, int]]:
    """Yield place and value of ``num_locals`` of each MultiCrop that trains."""
    for place, node in walk(value_at(cfg, DATASET), DATASET):
        if value_at(node, 'type') == 'MultiCrop' and type(value_at(node, 'num_locals')) is int:
            yield f'{place}.num_locals', node['num_locals']
