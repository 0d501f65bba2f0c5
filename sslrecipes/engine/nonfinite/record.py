"""The file that an optimizer step which wasn't finite leaves behind, to be run again by ``tools/replay.py``.

It holds tensors and plain values only, so it is read as safely as any checkpoint.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import mmengine
import numpy as np
import torch
from mmengine.device import get_device
from mmengine.dist import get_rank, get_world_size
from torch import Tensor, nn

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.engine.nonfinite.detection import Finding, MicroBatch
from sslrecipes.engine.nonfinite.plain_values import from_plain, to_plain
from sslrecipes.errors import CheckpointError
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.version import __version__

FORMAT = 'sslrecipes replay 1'
#: The types of what is used of a record; empty lists and dictionaries are refused as well.
ENTRIES: dict[str, type | tuple[type, ...]] = {
    'scope': str,
    'model': dict,
    'state': dict,
    'micro_batches': list,
    'precision': dict,
    'losses': list,
    'lr': list,
    'threads': int,
    'device': str,
    'position': dict,
    'versions': dict,
}
PRECISIONS = (None, 'float32', 'float16', 'bfloat16')
MOST_THREADS = 1024


def make_record(
    runner: Any, micro_batches: Sequence[MicroBatch], finding: Finding, rest: str | None = None
) -> dict[str, Any]:
    """Gather what it takes to run an optimizer step again.

    Args:
        runner: A runner whose model is in the state before the step.
        micro_batches: The step's.
        finding: What this process found.
        rest: Name of the file of another process, in the same folder, that has what all processes have alike.

    Returns:
        Entries in the order of use: ``scope`` and ``model`` (config), ``state`` (all parameters and buffers, also those
        that are in no checkpoint), ``micro_batches``, ``precision``, what was found, optimizer and loss scale, and for
        the reader's eyes ``config``, ``position`` and ``versions``; with ``rest``, only what is this process's own:
        of the state the buffers.

    Raises:
        CheckpointError: If config or batch hold something else than tensors, data samples and plain values.
    """
    model = unwrapped(runner.model)
    own = {
        'format': FORMAT,
        'state': dict(model.named_buffers()),
        'micro_batches': [to_plain(micro_batch._asdict()) for micro_batch in micro_batches],
        'losses': list(finding.losses),
        'gradients': list(finding.gradients),
        'position': {'epoch': runner.epoch + 1, 'iter': runner.iter + 1, 'rank': get_rank(), 'ranks': get_world_size()},
        'threads': torch.get_num_threads(),
        'device': get_device(),
        'versions': to_plain(versions()),
    }
    if rest is not None:
        return {**own, 'rest': rest}
    wrapper, cfg = runner.optim_wrapper, runner.cfg
    return {
        **own,
        'scope': cfg.get('default_scope', 'sslrecipes'),
        'model': to_plain({'data_preprocessor': cfg.get('data_preprocessor'), **cfg.model}),
        'state': {name: tensor.detach() for name, tensor in all_tensors(model).items()},
        'precision': precision(wrapper, runner.accumulative_counts),
        'optimizer': to_plain(wrapper.state_dict()),
        'config': cfg.pretty_text,
        'lr': [float(group['lr']) for group in wrapper.optimizer.param_groups],
    }


def read_record(path: str | Path) -> dict[str, Any]:
    """Read such a file, and the one that it takes the rest from.

    Raises:
        CheckpointError: If it is damaged, something else, or an entry is missing or isn't what it must be.
    """
    record = {'scope': 'sslrecipes', **_with_rest(Path(path), _read(path))}
    if (odd := next(_odd_entries(record), None)) is not None:
        raise CheckpointError(f'"{path}" is no record of a step that can be run: its entry "{odd}" is missing or odd.')
    return record


def _read(path: str | Path) -> dict[str, Any]:
    record: dict[str, Any] = read_checkpoint(path, sealed=True)
    if record.get('format') != FORMAT:
        raise CheckpointError(f'"{path}" is no record of a step: give a file of a "nonfinite" folder.')
    return record


def _with_rest(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Add what the file beside it has, if it names one."""
    if 'rest' not in record:
        return record
    name = record['rest']
    if not isinstance(name, str) or Path(name).name != name or not (rest := path.with_name(name)).is_file():
        raise CheckpointError(f'"{path}" needs the file {name!r} beside it, which has the weights.')
    whole = _read(rest)
    state: dict[str, Any] = {}
    for part in (whole, record):
        if not isinstance(part.get('state'), dict):
            raise CheckpointError(f'"{path}" is no record of a step that can be run: its "state" is missing or odd.')
        state |= part['state']
    return {**whole, **record, 'state': state}


def _odd_entries(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the entries that no run can have written."""
    yield from (name for name, kind in ENTRIES.items() if not isinstance(record.get(name), kind) or not record[name])
    place, precision, steps = record['position'], record['precision'], record['micro_batches']
    if not all(type(place.get(name)) is int for name in ('epoch', 'iter', 'rank', 'ranks')):
        yield 'position'
    if precision.keys() != {'dtype', 'accumulative_counts', 'loss_scale'} or precision['dtype'] not in PRECISIONS:
        yield 'precision'
    if not all(isinstance(precision.get(name), (int, float)) for name in ('accumulative_counts', 'loss_scale')):
        yield 'precision'
    if not 0 < record['threads'] <= MOST_THREADS:
        yield 'threads'
    if not all(isinstance(tensor, Tensor) for tensor in record['state'].values()):
        yield 'state'
    if not all(isinstance(value, float) for name in ('losses', 'lr') for value in record[name]):
        yield 'losses" or "lr'
    needed = set(MicroBatch._fields) - MicroBatch._field_defaults.keys()
    if not all(isinstance(step, dict) and needed <= step.keys() <= set(MicroBatch._fields) for step in steps):
        yield 'micro_batches'
    if len(steps) != len(record['losses']):
        yield 'losses'


def read_micro_batches(record: Mapping[str, Any]) -> list[MicroBatch]:
    """Return the micro-batches of a record as the loader made them.

    Raises:
        CheckpointError: There is something else in them than tensors, data samples and plain values.
    """
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


def bytes_of(value: Any) -> int:
    """Bytes of the tensors in nested dictionaries and lists."""
    if isinstance(value, Tensor):
        return value.nbytes
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return sum(map(bytes_of, parts))


def versions() -> dict[str, str]:
    """Versions that numbers may depend on."""
    return {
        'sslrecipes': __version__,
        'torch': torch.__version__,
        'mmengine': mmengine.__version__,
        'numpy': np.__version__,
        'python': platform.python_version(),
    }
