"""What the start of a run warns of: values that are possible, but hardly meant together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmpretrain.models import LinearClsHead
from torch import nn
from torch.utils.data import DataLoader

from sslrecipes.config.places import value_at
from sslrecipes.config.rules.queues import many_stale_positives
from sslrecipes.config.schedules import schedules
from sslrecipes.datasets.seeding import batch_size_of
from sslrecipes.models.methods.linear_probe import LinearProbe
from sslrecipes.zoo.naming import parse_name

#: What this package and mmpretrain call the length of a queue of earlier embeddings.
QUEUE_LENGTHS = ('queue_length', 'queue_len')


def lr_for_another_batch(cfg: Config, batch: int) -> str | None:
    """Say what linear scaling would make of the learning rate, if it is one for another batch than that of the run.

    Args:
        cfg: Config, whose ``auto_scale_lr.base_batch_size`` is the batch that its learning rate is for; without it, the
            batch that its file name states.
        batch: Images of an optimizer step, over all processes.
    """
    lr, name = value_at(cfg, 'optim_wrapper.optimizer.lr'), parse_name(cfg.filename) if cfg.filename else None
    base = value_at(cfg, 'auto_scale_lr.base_batch_size') or (name.effective_batch if name else batch)
    if not lr or base == batch:
        return None
    how = 'do it with --auto-scale-lr, or ' if value_at(cfg, 'auto_scale_lr.base_batch_size') else ''
    return (
        f'optim_wrapper.optimizer.lr={lr:g} is meant for {base} images per optimizer step, but this run has {batch}: '
        f'linear scaling would make it {lr * batch / base:g}; {how}set it, unless it was chosen for this batch.'
    )


def schedules_of_another_length(cfg: Config) -> Iterator[str]:
    """Name each schedule that states another number of epochs than the run has: usually it states none."""
    trained = value_at(cfg, 'train_cfg.max_epochs')
    for place, schedule in schedules(cfg):
        if trained is not None and schedule.get('epochs', trained) != trained:
            yield (
                f'{place}.epochs={schedule["epochs"]} is not the length of the run, train_cfg.max_epochs={trained}: '
                f'leave {place}.epochs out, unless its curve is meant for another length.'
            )


def lengths_that_do_not_fit(cfg: Config) -> Iterator[str]:
    """Name what is meant for another number of epochs than the run has, or for more."""
    yield from schedules_of_another_length(cfg)
    place = 'model.head.warmup_teacher_temp_epochs'
    epochs, trained = value_at(cfg, place), value_at(cfg, 'train_cfg.max_epochs')
    if epochs is not None and trained is not None and epochs > trained:
        yield (
            f'{place}={epochs} is longer than the run, train_cfg.max_epochs={trained}: the temperature of the teacher '
            'stays below its last value.'
        )


def queues_for_more_data(
    model: nn.Module, loader: DataLoader[Any], processes: int, micro_batches: int = 1
) -> Iterator[str]:
    """Name each queue of a model that is longer than the data, or whose negatives are positives for many queries.

    Args:
        model: The model, not wrapped.
        loader: Loader of the training images.
        processes: Number of processes, each with such a loader.
        micro_batches: Of an optimizer step.
    """
    images, batch = len(loader.dataset), batch_size_of(loader) * processes  # type: ignore[arg-type]
    for name, part in model.named_modules():
        for option in QUEUE_LENGTHS:
            length = getattr(part, option, 0)
            place = '.'.join(filter(None, ('model', name, option)))
            if not isinstance(length, int):
                continue
            each = getattr(part, 'keys_per_image', 1)
            if length > images * each:
                yield (
                    f'{place}={length} is more than the {images} training images: the queue holds several embeddings '
                    f'of an image, which pass for those of others; at most {max(images // batch, 1) * batch} are sound.'
                )
            elif _holds_negatives(part, option):
                keys = batch * each
                said = many_stale_positives(place, length, images, keys, keys * micro_batches, keys_per_image=each)
                yield from filter(None, [said])


def one_class_only(model: nn.Module) -> Iterator[str]:
    """Name a classifier of a single class, which is right about every image from the start; model, not wrapped."""
    is_probe = isinstance(model, LinearProbe)
    head, place = (model, 'model') if is_probe else (getattr(model, 'head', None), 'model.head')
    alone = (is_probe or isinstance(head, LinearClsHead)) and getattr(head, 'num_classes', None) == 1
    if alone and not getattr(getattr(head, 'loss_module', None), 'use_sigmoid', False):
        yield f'{place}.num_classes=1: of one class there is nothing to learn, the loss is 0 and every accuracy 100 %.'


def _holds_negatives(part: nn.Module, option: str) -> bool:
    """Whether a queue is one of negatives: ours say it, and what mmpretrain calls ``queue_len`` is one."""
    return option == 'queue_len' or getattr(part, 'queue_of_negatives', False)
