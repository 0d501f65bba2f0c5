"""Classifiers, detectors and segmentors have the classes of the data; metrics and preprocessors those of the heads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.runner.base_loop import BaseLoop
from mmpretrain.datasets import BaseDataset
from torch import nn

from sslrecipes.config.places import walk
from sslrecipes.datasets.class_names import common_classes, single_datasets
from sslrecipes.errors import ConfigError, DataError, counted

#: Parts of a model with a class for each of the data's; ``''`` is the model itself, a linear probe.
HEADS = ('', 'head', 'probe', 'bbox_head', 'mask_head', 'decode_head', 'auxiliary_head')


def _counts_classes(place: str) -> bool:
    """Tell whether a head, or one of several of its kind, stands at a place of the model."""
    return re.sub(r'\.\d+$|\[\d+\]$', '', place).rpartition('.')[2] in HEADS


def head_classes(model: nn.Module) -> dict[str, int]:
    """Return the number of classes of every head that tells one, by its place in the config."""
    found = {
        f'model.{name}.num_classes' if name else 'model.num_classes': head.num_classes
        for name, head in model.named_modules()
        if _counts_classes(name) and isinstance(getattr(head, 'num_classes', None), int)
    }
    if len(found) > 1:
        found.pop('model.num_classes', None)  # a segmentor repeats what its head says
    return found


def learns_labels(cfg: Config) -> bool:
    """Tell from a recipe whether its model, or a probe beside it, learns the labels of the training set."""
    probes = [hook for hook in cfg.get('custom_hooks') or () if str(hook.get('type')).endswith('OnlineProbeHook')]
    parts = [node for place, node in walk(cfg.get('model')) if _counts_classes(place)]
    return bool(probes) or any(isinstance(part, Mapping) and part.get('num_classes') for part in parts)


def check_class_count(model: nn.Module, dataset: Any, loader: str) -> None:
    """Compare the heads of a model with what a data set says of its classes.

    Too few classes would end in an index error in the middle of an epoch, or be background to a box head; too many
    would train without a word.

    Args:
        model: The model, not wrapped.
        dataset: Data set with ``metainfo['classes']``, or ``'thing_classes'`` where there is also stuff; without
            either, its labels are looked at.
        loader: Where it stands in the config, such as ``'train_dataloader'``.

    Raises:
        ConfigError: If they differ.
    """
    metainfo = getattr(dataset, 'metainfo', {})
    classes = metainfo.get('thing_classes') or metainfo.get('classes')
    heads = head_classes(model)
    parts = single_datasets(dataset) if heads else ()
    largest = max((_largest_label(part, named=bool(classes)) for part in parts), default=-1)
    for place, found in heads.items():
        if largest >= found:
            raise ConfigError(
                f'{place} is {found}, but the data of {loader} has the label {largest}; labels begin at 0.', place
            )
        if classes and found != len(classes):
            raise ConfigError(
                f'{place} is {found}, but the data of {loader} has {counted(len(classes), "class")} '
                f'({", ".join(map(str, classes[:3]))}{" ..." if len(classes) > 3 else ""}): change one of them.'
            )


def _largest_label(dataset: Any, named: bool) -> int:
    """Return the largest label of a list; -1 where folders, or a list that was read before, make labels right."""
    if not isinstance(dataset, BaseDataset) or (named and not str(dataset.ann_file).endswith('.json')):
        return -1
    labels = (dataset.get_data_info(index).get('gt_label', -1) for index in range(len(dataset)))
    return max((int(np.max(label, initial=-1)) for label in labels), default=-1)


def check_same_classes(model: nn.Module, train_loop: Any, loop: Any, loader: str) -> None:
    """Compare the classes that a model learns with those by which a loop judges it.

    Args:
        model: The model, not wrapped; without heads that count classes, nothing is checked.
        train_loop: Training loop; nothing is checked before it is built.
        loop: Validation loop; one that classifies by a bank of its own (``classes``) isn't checked.
        loader: Where its data stands in the config, such as ``'val_dataloader'``.

    Raises:
        DataError: If they differ.
    """
    if head_classes(model) and isinstance(train_loop, BaseLoop) and not hasattr(loop, 'classes'):
        common_classes(train_loop.dataloader.dataset, loop.dataloader.dataset, ('train_dataloader', loader), loader)


def check_learnt_classes(runner: Any, checkpoint: Mapping[str, Any]) -> None:
    """Compare the classes of a checkpoint's heads with those of the data that they are for now.

    Args:
        runner: The runner that loads the checkpoint, with its loops.
        checkpoint: The checkpoint; without ``dataset_meta``, nothing is checked.

    Raises:
        DataError: If they differ and nothing will be trained; else the log is warned, as heads may learn anew.
    """
    model = getattr(runner.model, 'module', runner.model)
    learnt = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    loops = {'train': runner._train_loop, 'val': runner._val_loop, 'test': runner._test_loop}
    stage, loop = next(((name, loop) for name, loop in loops.items() if isinstance(loop, BaseLoop)), ('', None))
    if loop is None or hasattr(loop, 'classes') or not head_classes(model):
        return
    try:
        common_classes(learnt, loop.dataloader.dataset, ('checkpoint', f'{stage}_dataloader'), f'{stage}_dataloader')
    except DataError as error:
        if stage != 'train':
            raise
        runner.logger.warning(f'{error} The weights of its heads are taken over all the same.')


def check_preprocessor(model: nn.Module) -> None:
    """Compare the classes of the preprocessor, which mixes labels, with those of the heads.

    Raises:
        ConfigError: If they differ.
    """
    mixed = getattr(getattr(model, 'data_preprocessor', None), 'num_classes', None)
    for place, found in head_classes(model).items():
        if isinstance(mixed, int) and mixed != found:
            raise ConfigError(f'data_preprocessor.num_classes is {mixed}, but {place} is {found}.', place)


def check_accuracies(model: nn.Module, loop: Any, evaluator: str, listed: bool = True) -> None:
    """Compare the k of top-k accuracies, of an evaluator's metrics and of heads, with the number of classes.

    Torch would end in an error after the epoch that was validated.

    Args:
        model: The model, not wrapped; without heads that count classes, there is no largest k.
        loop: Loop that may have an evaluator.
        evaluator: Where the evaluator stands in the config.
        listed: Whether a list of metrics stands there, not a single one.

    Raises:
        ConfigError: If a k is larger, or below 1.
    """
    classes = max(head_classes(model).values(), default=None)
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', None) or ()
    users = [
        (f'{evaluator} ({type(metric).__name__})', f'{evaluator}.{number}' if listed else evaluator, metric)
        for number, metric in enumerate(metrics)
    ]
    parts = [(f'model.{name}', part) for name, part in model.named_modules() if getattr(part, 'cal_acc', False)]
    for place, key, user in [*users, *((place, place, part) for place, part in parts)]:
        ks = _ks(getattr(user, 'topk', None))
        if ks and min(ks) < 1:
            raise ConfigError(f'{place} asks for top-{min(ks)}, but the best class is top-1: raise topk.', evaluator)
        if classes is not None and max(ks, default=0) > classes:
            there_are = f'there {"is" if classes == 1 else "are"} {counted(classes, "class")}'
            sentence = f'{place} asks for top-{max(ks)}, but {there_are}: lower topk, as by {key}.topk=1.'
            raise ConfigError(sentence, evaluator)


def _ks(topk: Any) -> list[int]:
    return [k for k in (topk if isinstance(topk, (list, tuple)) else [topk]) if isinstance(k, int)]
