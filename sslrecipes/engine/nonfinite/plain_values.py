"""Batches and configs as tensors and plain values, and back, without trusting what stands in the file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from mmengine.structures import BaseDataElement
from torch import Tensor

from sslrecipes.errors import CheckpointError

DATA_SAMPLE, KIND = '__data_sample__', '__kind__'
#: Of data samples in files that don't tell.
KIND_OF_OLD = 'mmpretrain.structures.data_sample.DataSample'
#: What a file may ask to be made: classes that keep what they are given and do nothing else.
STRUCTURES = frozenset(
    [
        KIND_OF_OLD,
        'mmpretrain.structures.multi_task_data_sample.MultiTaskDataSample',
        'mmengine.structures.base_data_element.BaseDataElement',
        'mmengine.structures.instance_data.InstanceData',
        'mmengine.structures.label_data.LabelData',
        'mmengine.structures.pixel_data.PixelData',
        'mmdet.structures.det_data_sample.DetDataSample',
        'mmdet.structures.bbox.horizontal_boxes.HorizontalBoxes',
        'mmdet.structures.mask.structures.BitmapMasks',
        'mmdet.structures.mask.structures.PolygonMasks',
        'mmseg.structures.seg_data_sample.SegDataSample',
    ]
)
SCALARS = (bool, int, float, str)


def to_plain(value: Any) -> Any:
    """Turn a batch, or a config, into tensors and plain values; data samples become marked dictionaries.

    Raises:
        CheckpointError: For anything else.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, BaseDataElement):
        return _marked(value, {'metainfo': dict(value.metainfo_items()), **dict(value.items())})
    if type(value).__module__.startswith('mmdet.structures.bbox'):
        return _marked(value, {'data': value.tensor})
    if type(value).__module__.startswith('mmdet.structures.mask'):
        return _marked(value, {'masks': value.masks, 'height': value.height, 'width': value.width})
    if isinstance(value, Mapping):
        return {to_plain(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        entries = [to_plain(entry) for entry in value]
        return tuple(entries) if isinstance(value, tuple) else entries
    if value is None or isinstance(value, (np.ndarray, np.generic)):
        return value
    for kind in SCALARS:
        if isinstance(value, kind):
            return kind(value)  # also for types derived from it, such as that of ``torch.__version__``
    raise CheckpointError(f'a {type(value).__name__} can not be stored: only tensors, data samples and plain values')


def _marked(value: Any, fields: dict[str, Any]) -> dict[str, Any]:
    kind = type(value)
    return {DATA_SAMPLE: to_plain(fields), KIND: f'{kind.__module__}.{kind.__qualname__}'}


def from_plain(value: Any) -> Any:
    """Undo :func:`to_plain`.

    Raises:
        CheckpointError: For a structure that isn't in the table, or that its fields don't make.
    """
    if isinstance(value, dict) and DATA_SAMPLE in value:
        return _structure(value.get(KIND, KIND_OF_OLD), from_plain(value[DATA_SAMPLE]))
    if isinstance(value, dict):
        return {key: from_plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(from_plain(entry) for entry in value)
    return value


def _structure(kind: Any, fields: Any) -> Any:
    """Make a data sample, or what is in one."""
    if kind not in STRUCTURES:
        raise CheckpointError(f'"{str(kind)[:100]}" is no structure of a data sample.')
    module, _, name = kind.rpartition('.')
    try:
        if any(field.startswith('__') for field in (*fields, *fields.get('metainfo', ()))):
            raise AttributeError('a field with such a name')
        return getattr(import_module(module), name)(**fields)
    except Exception as error:  # the structures assert, and leave the rest to NumPy and torch
        raise CheckpointError(f'A {name} in this file can not be made ({error or type(error).__name__}).') from error
