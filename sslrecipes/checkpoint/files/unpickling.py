"""What a pickle may ask for besides tensors: plain values, and nothing that trusts the file."""

from __future__ import annotations

import argparse
import io
import pickle
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any, BinaryIO

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import _weights_only_unpickler

from sslrecipes.checkpoint.files.pickle_depth import too_deep


@contextmanager
def restricted() -> Iterator[None]:
    """Let ``torch.load(weights_only=True)`` accept the harmless types of official and MMEngine checkpoints.

    These are ``argparse.Namespace``, yacs configs, NumPy arrays and numbers, and ``HistoryBuffer``. Two functions are
    taken from torch's own list meanwhile, because a file of 1 KB could fill the memory with them: ``bytearray``, and
    ``_codecs.encode`` for other than Latin-1, as which pickle writes bytes.
    """
    torchs = _weights_only_unpickler._get_allowed_globals()
    taken = {name: torchs.pop(name) for name in ('_codecs.encode', 'builtins.bytearray') if name in torchs}
    try:
        with torch.serialization.safe_globals(_harmless_globals()):
            yield
    finally:
        torchs.update(taken)


def load_restricted(stream: BinaryIO) -> dict[str, Any]:
    """Read a pickled dictionary that torch didn't write, by torch's unpickler of weights and the same harmless types.

    Raises:
        Exception: Of any kind, if the pickle is damaged or asks for anything else.
    """
    with restricted():
        held = _weights_only_unpickler.load(stream)
    if not isinstance(held, dict):
        raise UnpicklingError('it holds no dictionary')
    return held


def load_plain(stream: BinaryIO) -> Any:
    """Read a pickle of plain values and arrays, of any protocol.

    Raises:
        Exception: Of any kind, if the pickle is damaged or asks for anything else.
    """
    content = stream.read()
    if too_deep(content):
        raise UnpicklingError('tuples are nested too deeply')
    return _PlainUnpickler(io.BytesIO(content)).load()


class _PlainUnpickler(pickle.Unpickler):
    """Python's own unpickler with the same harmless types in place of whatever a file names."""

    def find_class(self, module: str, name: str) -> Any:
        known = {full: stand_in for stand_in, full in _stand_ins()}
        known['collections.OrderedDict'] = OrderedDict
        if f'{module}.{name}' not in known:
            raise UnpicklingError(f'it asks for "{module}.{name}", which could run code')
        return known[f'{module}.{name}']


class PlainArray(np.ndarray[Any, Any]):
    """A NumPy array that takes from a file its numbers only.

    NumPy's own ``__setstate__`` believes the flags of the file's dtype, and would take numbers for pointers.
    """

    def __new__(cls, *_: object) -> PlainArray:
        """Make an empty array, whatever the file asks for."""
        return np.empty(0).view(cls)

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, is_fortran, data = state
        flat = np.frombuffer(data, kind.dtype) if data else np.empty(0, kind.dtype)
        array = flat.reshape(shape, order='F' if is_fortran else 'C')
        own_state: Any = array.__reduce__()[2]
        super().__setstate__(own_state)

    def __reduce__(self) -> Any:
        return self.view(np.ndarray).__reduce__()


class _DType:
    """Stands for a pickled dtype: a bool, a number or text of some size and byte order."""

    def __init__(self, code: str, *_: object) -> None:
        if not re.fullmatch(r'b1|[iu][1248]|f[248]|c(8|16)|[SU]\d{1,9}', code):
            raise UnpicklingError('its arrays hold more than numbers and text')
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


class _History(HistoryBuffer):
    """Takes the numbers of a pickled ``HistoryBuffer`` and becomes one.

    Upstream's ``__setstate__`` also copies the statistics named in the file into a dictionary of the *class*, which
    every logger of the process shares.
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__class__ = HistoryBuffer  # type: ignore[assignment]
        numbers = {key: np.array(state[key], np.float64) for key in ('_log_history', '_count_history')}
        HistoryBuffer.__setstate__(self, {'max_length': int(state['max_length']), **numbers})


class _Config:
    """Stands for a yacs config: its options come back as a dictionary."""

    def __new__(cls) -> OrderedDict[str, Any]:  # type: ignore[misc]  # torch fills no other dictionaries
        return OrderedDict()


def _scalar(kind: _DType, data: bytes) -> Any:
    return np.frombuffer(data, kind.dtype, count=1)[0]


def _from_buffer(data: bytes | bytearray, kind: _DType, shape: tuple[int, ...], order: str) -> Any:
    """Make an array of protocol 5."""
    return np.frombuffer(bytes(memoryview(data)), kind.dtype).reshape(shape, order='F' if order == 'F' else 'C')


def _encode(text: str, encoding: str) -> bytes:
    if encoding != 'latin1':
        raise UnpicklingError(f'it encodes text as {encoding!r}')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    """Stand for ``bytes``, as which pickle writes the empty ones."""
    return b''


def _attribute_name(_: object, name: str) -> str:
    """Stand for ``getattr``, by which a pickled ``HistoryBuffer`` names its statistics: look nothing up."""
    return name


def _harmless_globals() -> list[Any]:
    """What torch's unpickler may know besides its own list."""
    return [argparse.Namespace, *_stand_ins()]


def _stand_ins() -> list[tuple[Any, str]]:
    """What stands for each name that a pickle may ask for."""
    stand_ins = {
        'mmengine.logging.history_buffer.HistoryBuffer': _History,
        'builtins.getattr': _attribute_name,
        'builtins.bytes': _no_bytes,
        '_codecs.encode': _encode,
        'numpy.dtype': _DType,
        'yacs.config.CfgNode': _Config,
        'fvcore.common.config.CfgNode': _Config,
        'numpy.ndarray': PlainArray,
    }
    for core in ('core', '_core'):  # NumPy 1 and 2
        stand_ins[f'numpy.{core}.multiarray._reconstruct'] = PlainArray
        stand_ins[f'numpy.{core}.multiarray.scalar'] = _scalar
        stand_ins[f'numpy.{core}.numeric._frombuffer'] = _from_buffer
    return [(stand_in, name) for name, stand_in in stand_ins.items()]
