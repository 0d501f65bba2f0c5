"""The file that an optimizer step which wasn't finite leaves behind, to be run again by ``tools/replay.py``.

It holds tensors and plain values only, so it is read as safely as any checkpoint.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import mmengine
import numpy as np
import torch
from mmengine.device import get_device
from mmengine.dist import get_rank, get_world_size
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from sslrecipes.checkpoint.reading import read_checkpoint
from sslrecipes.engine.nonfinite import Finding, MicroBatch
from sslrecipes.engine.restart import unwrapped
from sslrecipes.errors import CheckpointError
from sslrecipes.version import __version__

FORMAT = 'sslrecipes replay 1'
DATA_SAMPLE, KIND = '__data_sample__', '__kind__'
#: Of data samples in files that don't tell.
KIND_OF_OLD = 'mmpretrain.structures.data_sample.DataSample'
STRUCTURES = re.compile(r'mm(engine|pretrain|det|seg)\.structures\b')
PLAIN = (bool, int, float, str)


def make_record(runner: Any, micro_batches: Sequence[MicroBatch], finding: Finding) -> dict[str, Any]:
    """Gather what it takes to run an optimizer step again.

    Args:
        runner: A runner whose model is in the state before the step.
        micro_batches: The step's.
        finding: What this process found.

    Returns:
        Entries in the order of use: ``scope`` and ``model`` (config), ``state`` (all parameters and buffers, also those
        that are in no checkpoint), ``micro_batches``, ``precision``, what was found, optimizer and loss scale, and for
        the reader's eyes ``config``, ``position`` and ``versions``.

    Raises:
        CheckpointError: If config or batch hold something else than tensors, data samples and plain values.
    """
    wrapper, cfg = runner.optim_wrapper, runner.cfg
    model_cfg = {'data_preprocessor': cfg.get('data_preprocessor'), **cfg.model}
    return {
        'format': FORMAT,
        'scope': cfg.get('default_scope', 'sslrecipes'),
        'model': to_plain(model_cfg),
        'state': {name: tensor.detach() for name, tensor in all_tensors(unwrapped(runner.model)).items()},
        'micro_batches': [to_plain(micro_batch._asdict()) for micro_batch in micro_batches],
        'precision': precision(wrapper, runner.accumulative_counts),
        'losses': list(finding.losses),
        'gradients': list(finding.gradients),
        'optimizer': to_plain(wrapper.state_dict()),
        'config': cfg.pretty_text,
        'position': {'epoch': runner.epoch + 1, 'iter': runner.iter + 1, 'rank': get_rank(), 'ranks': get_world_size()},
        'lr': [float(group['lr']) for group in wrapper.optimizer.param_groups],
        'threads': torch.get_num_threads(),
        'device': get_device(),
        'versions': to_plain(versions()),
    }


def read_record(path: str | Path) -> dict[str, Any]:
    """Read such a file.

    Raises:
        CheckpointError: If it is damaged or something else.
    """
    record = read_checkpoint(path, sealed=True)
    if record.get('format') != FORMAT:
        raise CheckpointError(f'"{path}" is no record of a step: give a file of a "nonfinite" folder.')
    return record


def read_micro_batches(record: Mapping[str, Any]) -> list[MicroBatch]:
    """Return the micro-batches of a record as the loader made them."""
    return [MicroBatch(**from_plain(fields)) for fields in record['micro_batches']]


def precision(wrapper: Any, accumulative_counts: int) -> dict[str, Any]:
    """Describe how an optimizer wrapper of ours casts and scales."""
    dtype = getattr(wrapper, 'cast_dtype', None)
    scaler = getattr(wrapper, 'loss_scaler', None)
    return {
        'dtype': str(dtype).removeprefix('torch.') if dtype else None,
        'accumulative_counts': accumulative_counts,
        'loss_scale': float(scaler.get_scale()) if scaler else 1.0,
    }


def all_tensors(model: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers of a model by name."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def versions() -> dict[str, str]:
    """Versions that numbers may depend on."""
    return {
        'sslrecipes': __version__,
        'torch': torch.__version__,
        'mmengine': mmengine.__version__,
        'numpy': np.__version__,
        'python': platform.python_version(),
    }


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
    for kind in PLAIN:
        if isinstance(value, kind):
            return kind(value)  # also for types derived from it, such as that of ``torch.__version__``
    raise CheckpointError(f'a {type(value).__name__} can not be stored: only tensors, data samples and plain values')


def _marked(value: Any, fields: dict[str, Any]) -> dict[str, Any]:
    kind = type(value)
    return {DATA_SAMPLE: to_plain(fields), KIND: f'{kind.__module__}.{kind.__qualname__}'}


def from_plain(value: Any) -> Any:
    """Undo :func:`to_plain`.

    Raises:
        CheckpointError: For a structure that isn't one of the OpenMMLab packages'.
    """
    if isinstance(value, dict) and DATA_SAMPLE in value:
        return _structure(value.get(KIND, KIND_OF_OLD))(**from_plain(value[DATA_SAMPLE]))
    if isinstance(value, dict):
        return {key: from_plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(from_plain(entry) for entry in value)
    return value


def _structure(kind: str) -> Any:
    """The class of a data sample or of what is in one."""
    module, _, name = kind.rpartition('.')
    if not STRUCTURES.match(module):
        raise CheckpointError(f'a {kind} is no structure of a data sample.')
    return getattr(import_module(module), name)
