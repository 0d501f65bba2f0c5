"""The names of classes, which must be the same, in the same order, wherever labels of two sources meet."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from mmengine.logging import print_log

from sslrecipes.errors import DataError
from sslrecipes.registry import DATASETS

#: Names that stand for words written elsewhere: WordNet's of ImageNet, and numbers.
_IDS = re.compile(r'n\d{8}|\d+')


def common_classes(first: Any, second: Any, kinds: tuple[str, str], *places: str) -> tuple[str, ...]:
    """Return the names of the classes that two sources of labels share.

    A data set may tell two names of each class, ImageNet's word and its folder: one of them has to agree. Ids can't be
    compared with words: if there are as many, the log is warned.

    Args:
        first: Data set, or metadata of one, such as a checkpoint's ``dataset_meta``.
        second: Another.
        kinds: What they are, for the message: ``('k-NN bank', 'images to classify')``.
        *places: Keys of the config that it is about.

    Returns:
        The names; empty if one of them doesn't tell.

    Raises:
        DataError: They differ in number, names or order.
    """
    ours, theirs = list(_namings(first)), list(_namings(second))
    if not ours or not theirs:
        return ()
    for names in ours:
        if names in theirs:
            return names
    one, other = ours[-1], theirs[-1]
    counts = f'({len(one)} and {len(other)})'
    if len(one) == len(other) and {_kind(one), _kind(other)} == {'ids', 'words'}:
        print_log(
            f'The {kinds[0]} and the {kinds[1]} name their classes differently {counts}, such as "{one[0]}" and '
            f'"{other[0]}": that they have the same order is taken for granted.',
            logger='current',
            level=logging.WARNING,
        )
        return one
    number, *pair = next((i, *pair) for i, pair in enumerate(zip_longest(one, other)) if pair[0] != pair[1])
    here, there = ('absent' if name is None else f'"{name}"' for name in pair)
    raise DataError(
        f'The {kinds[0]} and the {kinds[1]} differ in their classes {counts}: class {number} is {here} in the '
        f'{kinds[0].split()[-1]} and {there} in the other.',
        *places,
    )


def _namings(source: Any) -> Iterator[tuple[str, ...]]:
    """Yield the names by which a data set tells its classes apart: its words, then its folders."""
    metainfo = source if isinstance(source, Mapping) else getattr(source, 'metainfo', None) or {}
    words = metainfo.get('classes') or metainfo.get('CLASSES')
    if isinstance(words, (list, tuple)):
        yield tuple(map(str, words))
    for part in single_datasets(source):
        if folders := getattr(part, 'folder_to_idx', None):
            yield tuple(sorted(folders, key=folders.__getitem__))
            return


def _kind(names: tuple[str, ...]) -> str:
    ids = sum(bool(_IDS.fullmatch(name)) for name in names)
    return {0: 'words', len(names): 'ids'}.get(ids, 'both')


def single_datasets(dataset: Any) -> Iterator[Any]:
    """Yield the data sets below wrappers such as ``RepeatDataset`` and ``ConcatDataset``."""
    parts = [dataset.dataset] if hasattr(dataset, 'dataset') else getattr(dataset, 'datasets', None)
    if isinstance(parts, (list, tuple)):
        for part in parts:
            yield from single_datasets(part)
    else:
        yield dataset


def build_dataset(cfg: Mapping[str, Any]) -> Any:
    """Build a data set; if mmengine can't join its parts because of their metadata, say how their classes differ.

    Raises:
        DataError: Two parts of a ``ConcatDataset`` differ in what they state.
    """
    try:
        return DATASETS.build(cfg)
    except (TypeError, ValueError) as error:
        if 'meta information' not in str(error) and 'same with the first dataset' not in str(error):
            raise
        parts = [DATASETS.build(part) for part in cfg.get('datasets', ())]
        for number, other in enumerate(parts[1:], 1):
            common_classes(parts[0], other, ('first data set', f'data set {number} of {cfg["type"]}'))
        raise DataError(f'Data sets that are joined must state the same: {error}.') from error
