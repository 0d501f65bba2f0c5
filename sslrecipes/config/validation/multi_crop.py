"""What the parts of a multi-crop recipe must agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sslrecipes.config.places import value_at, walk

#: A sentence and the places that it is about.
Objection = tuple[str, tuple[str, ...]]

LOSS_WEIGHTS = 'model.head.loss_weights'
DATASET = 'train_dataloader.dataset'
#: Options of a multi-crop method that say the same.
SAME = (
    ('model.neck.in_channels', 'model.probe.in_channels'),
    ('model.neck.out_channels', 'model.head.out_channels'),
    ('model.neck.out_channels', 'model.head.feat_channels'),
)


def views_have_their_weights(cfg: Any) -> Iterator[Objection]:
    """There is a weight for the terms between global views, and one for those with local views if there are any."""
    weights = value_at(cfg, LOSS_WEIGHTS)
    for place, locals_ in _numbers_of_locals(cfg):
        needed = 2 if locals_ else 1
        if isinstance(weights, (list, tuple)) and len(weights) != needed:
            sentence = (
                f'{LOSS_WEIGHTS} has {len(weights)} numbers, but {locals_} local views need {needed}: one for the '
                'pairs of global views, and one for pairs with a local view if there are any.'
            )
            yield sentence, (LOSS_WEIGHTS, place)


def queue_holds_whole_batches(cfg: Any) -> Iterator[Objection]:
    """MoCo's queue is filled batch by batch; how many processes there are is known only later."""
    ours = 'model.head.queue_length' if value_at(cfg, 'model.type') == 'MoCo' else ''
    for place in filter(None, (ours, 'model.queue_len')):  # the second is that of mmpretrain's MoCo and DenseCL
        length, batch = value_at(cfg, place), value_at(cfg, 'train_dataloader.batch_size')
        if type(length) is type(batch) is int and length % batch:
            about = (place, 'train_dataloader.batch_size')
            yield f'{place}={length} must be a multiple of the batch size {batch}.', about


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
    for one, other in SAME if value_at(cfg, LOSS_WEIGHTS) else ():
        first, second = value_at(cfg, one), value_at(cfg, other)
        if type(first) is type(second) is int and first != second:
            yield f'{one} is {first} but {other} is {second}: set both to the same number.', (one, other)


MULTI_CROP_COMBINATIONS: tuple[Callable[[Any], Iterator[Objection]], ...] = (
    views_have_their_weights,
    queue_holds_whole_batches,
    probe_has_labels,
    widths_agree,
)


def _numbers_of_locals(cfg: Any) -> Iterator[tuple[str, int]]:
    """Yield place and value of ``num_locals`` of each MultiCrop that trains."""
    for place, node in walk(value_at(cfg, DATASET), DATASET):
        if value_at(node, 'type') == 'MultiCrop' and type(value_at(node, 'num_locals')) is int:
            yield f'{place}.num_locals', node['num_locals']
