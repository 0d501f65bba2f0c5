"""What a file may hold once it is read: names of dense tensors and plain values, of limited size and depth.

Checked once, in the reader, so that nothing behind it has to expect a tensor of another kind, a list that holds itself,
or a few bytes that stand for more memory than there is.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor, nn

from sslrecipes.errors import CheckpointError

#: Containers within containers, and values in all, each counted as often as it is reached.
MAX_DEPTH, MAX_VALUES = 50, 20_000_000
#: Characters of a name and of any other text, and bits of an integer.
MAX_NAME, MAX_TEXT, MAX_BITS = 1_000, 16 << 20, 4_096
#: A tensor whose elements share memory may not be larger than this, in bytes.
MAX_SHARED = 1 << 20

_PLAIN = (bool, float, type(None), np.ndarray, np.generic, HistoryBuffer, torch.dtype, torch.device)


def check_contents(held: Any, name: str) -> None:
    """Refuse what no program writes into a file of weights.

    Args:
        held: What was read.
        name: What errors call the file.

    Raises:
        CheckpointError: It holds something else than dense tensors and plain values, names that aren't texts, or more
            or deeper values than any network has.
    """
    if isinstance(held, Mapping):
        _check_names(held, name)
        for entry in held.values():
            if isinstance(entry, Mapping) and any(isinstance(value, Tensor) for value in entry.values()):
                _check_names(entry, name)
    _count(held, name, 0, {})


def _check_names(state: Mapping[Any, Any], name: str) -> None:
    odd = next((key for key in state if not isinstance(key, str) or len(key) > MAX_NAME), None)
    if odd is not None:
        raise _refused(name, f'the {type(odd).__name__} {str(odd)[:40]!r} is no name of a weight')


def _count(value: Any, name: str, depth: int, counted: dict[int, int]) -> int:
    """Check a value, and return of how many it consists; containers that were met before aren't visited again."""
    parts = _parts(value)
    if parts is None:
        _check_value(value, name)
        return 1
    if depth >= MAX_DEPTH:
        raise _refused(name, 'its values are nested too deeply, or contain themselves')
    if id(value) not in counted:
        counted[id(value)] = 1 + sum(_count(part, name, depth + 1, counted) for part in parts)
    if counted[id(value)] > MAX_VALUES:
        raise _refused(name, f'it holds more than {MAX_VALUES:,} values')
    return counted[id(value)]


def _parts(value: Any) -> Collection[Any] | None:
    """What a container contains; None for anything else."""
    if isinstance(value, Namespace):
        value = vars(value)
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    return value if isinstance(value, (list, tuple, set, frozenset)) else None


def _check_value(value: Any, name: str) -> None:
    if isinstance(value, Tensor):
        if complaint := _complaint(value):
            raise _refused(name, f'it holds {complaint}')
    elif isinstance(value, (str, bytes)):
        if len(value) > MAX_TEXT:
            raise _refused(name, f'it holds a text of {len(value):,} characters')
    elif isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise _refused(name, f'it holds an integer of {value.bit_length():,} bits')
    elif not isinstance(value, (*_PLAIN, complex)):
        raise _refused(name, f'it holds a {type(value).__name__}')


def _complaint(tensor: Tensor) -> str | None:
    """What is odd about a tensor."""
    if type(tensor) not in (Tensor, nn.Parameter):
        return f'a tensor of the class {type(tensor).__name__}'
    if tensor.is_nested or tensor.layout is not torch.strided:
        return f'a {"nested" if tensor.is_nested else "sparse"} tensor: only dense ones are weights'
    if tensor.is_quantized or tensor.is_complex() or tensor.is_meta:
        return f'a {"tensor without values" if tensor.is_meta else tensor.dtype} tensor'
    size = tensor.numel() * tensor.element_size()
    if size > max(MAX_SHARED, tensor.untyped_storage().nbytes()):
        return f'a tensor of {size:,} bytes whose elements share {tensor.untyped_storage().nbytes():,}'
    vars(tensor).clear()  # attributes from the file, which could stand before methods
    return None


def _refused(name: str, what: str) -> CheckpointError:
    return CheckpointError(f'"{name}" was refused: {what}.')
