"""Reading weight files without ever running code from them."""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO
from urllib.parse import urlparse

import numpy as np
import torch
from mmengine.dist import barrier, is_main_process
from mmengine.logging import HistoryBuffer
from safetensors import SafetensorError, safe_open

from sslrecipes.errors import CheckpointError, did_you_mean

Location = str | torch.device | Callable[..., Any] | dict[str, str] | None

_ZIP, _PICKLE = b'PK\x03\x04', b'\x80'


def read_checkpoint(path: str | Path, map_location: Location = 'cpu') -> dict[str, Any]:
    """Read a ``.safetensors`` or torch file, local or behind an http(s) address.

    Torch files go through torch's restricted unpickler with a short list of harmless types besides tensors:
    ``argparse.Namespace`` (official MAE, iBOT and TEC files), NumPy arrays and numbers, MMEngine's ``HistoryBuffer``.
    There is no way back to unrestricted unpickling.

    Args:
        path: File or address. A readable download stays in torch's hub cache.
        map_location: Where the tensors go, as in :func:`torch.load`.

    Returns:
        The dictionary in a torch file; ``{'state_dict': tensors, 'meta': metadata}`` for ``.safetensors``.

    Raises:
        CheckpointError: The file is missing, a folder, empty, damaged, of neither format, holds no dictionary, or its
            pickle asks for anything that is not on the list.
    """
    file = local_file(path)
    try:
        return _read(file, map_location, name=str(path))
    except CheckpointError:
        if _is_address(path):
            file.unlink(missing_ok=True)  # a cut download must not be found in the cache the next time
        raise


def local_file(path: str | Path) -> Path:
    """Return the local file behind a path or an http(s) address, downloaded if need be.

    Raises:
        CheckpointError: The file is missing, a folder or empty, or the download failed.
    """
    if not str(path):
        raise CheckpointError('No checkpoint is given: set its path or address.')
    if _is_address(path):
        return _download(str(path))
    file = Path(path).expanduser()
    if file.is_dir():
        raise CheckpointError(f'"{path}" is a folder: give the checkpoint file in it.')
    if not file.is_file():
        siblings = [sibling.name for sibling in file.parent.iterdir()] if file.parent.is_dir() else []
        raise CheckpointError(f'There is no checkpoint "{path}".{did_you_mean(file.name, siblings)}')
    if not file.stat().st_size:
        raise CheckpointError(f'The checkpoint "{path}" is empty (0 bytes).')
    return file


def read_torch(file: Path | BinaryIO, map_location: Location = 'cpu', name: str = '') -> dict[str, Any]:
    """Read a torch file or stream through the restricted unpickler; ``name`` is what errors call it.

    Raises:
        CheckpointError: See :func:`read_checkpoint`.
    """
    name = name or str(file)
    try:
        with torch.serialization.safe_globals(_harmless_globals()):
            checkpoint = torch.load(file, map_location=map_location, weights_only=True)
    except Exception as error:  # a damaged pickle can raise anything
        raise CheckpointError(_complaint(name, error)) from error
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'"{name}" holds a {type(checkpoint).__name__}, not a dictionary of weights.')
    return checkpoint


def sha256(path: str | Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open('rb') as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class _History(HistoryBuffer):
    """Takes the numbers of a pickled ``HistoryBuffer`` and becomes one.

    Upstream's ``__setstate__`` also copies the statistics named in the file into a dictionary of the *class*, which
    every logger of the process shares.
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__class__ = HistoryBuffer  # type: ignore[assignment]
        HistoryBuffer.__setstate__(self, {key: state[key] for key in ('max_length', '_log_history', '_count_history')})


def _attribute_name(_: object, name: str) -> str:
    """Stand for ``getattr``, by which a pickled ``HistoryBuffer`` names its statistics: look nothing up."""
    return name


def _harmless_globals() -> list[Any]:
    """The types a checkpoint may hold beside tensors, some under the full name that stands in the file."""
    rebuild = {'scalar': np.float64().__reduce__()[0], '_reconstruct': np.empty(0).__reduce__()[0]}
    numpy = [
        (function, f'numpy.{core}.multiarray.{name}')
        for core in ('core', '_core')  # NumPy 1 and 2
        for name, function in rebuild.items()
    ]
    dtypes = {type(np.dtype(code)) for code in '?bhilqBHILQefdFDSU'}
    history = [(_History, 'mmengine.logging.history_buffer.HistoryBuffer'), (_attribute_name, 'builtins.getattr')]
    return [argparse.Namespace, np.ndarray, np.dtype, *dtypes, *numpy, *history]


def _complaint(name: str, error: Exception) -> str:
    refused = re.search(r'GLOBAL (\S+) w(?:as|hose)', str(error))
    if refused:
        return (
            f'"{name}" was refused: its pickle asks for "{refused[1]}", which could run code; '
            'only weights and plain values are read.'
        )
    reason = str(error).strip().split('\n')[0] or type(error).__name__
    if isinstance(error, UnpicklingError):
        reason = 'its pickle holds more than weights and plain values, or is broken'
    return f'"{name}" is damaged, cut short or not a checkpoint ({reason}).'


def _read(file: Path, map_location: Location, name: str) -> dict[str, Any]:
    with file.open('rb') as stream:
        head = stream.read(9)
    if head.startswith((_ZIP, _PICKLE)):
        return read_torch(file, map_location, name)
    if head[8:] == b'{':
        return _read_safetensors(file, map_location, name)
    raise CheckpointError(f'"{name}" is neither a torch file nor a safetensors file: it starts with {head!r}.')


def _read_safetensors(file: Path, map_location: Location, name: str) -> dict[str, Any]:
    device = str(map_location) if isinstance(map_location, str | torch.device) else 'cpu'
    try:
        with safe_open(file, framework='pt', device=device) as stream:
            state = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118  not a mapping
            return {'state_dict': state, 'meta': stream.metadata() or {}}
    except SafetensorError as error:
        raise CheckpointError(f'"{name}" is a damaged or cut safetensors file ({error}).') from error


def _is_address(path: str | Path) -> bool:
    return str(path).startswith(('http://', 'https://'))


def _download(url: str) -> Path:
    """Fetch ``url`` into torch's hub cache, first by the main process alone, then by nodes that lack the file.

    The folder carries a digest of the address: official releases call many different files ``checkpoint.pth``.
    """
    folder = Path(torch.hub.get_dir(), 'checkpoints', hashlib.sha256(url.encode()).hexdigest()[:8])
    file = folder / (Path(urlparse(url).path).name or 'checkpoint')
    try:
        if is_main_process():
            _fetch(url, file)
    finally:
        barrier()
    _fetch(url, file)
    return file


def _fetch(url: str, file: Path) -> None:
    if file.is_file():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(url, str(file), progress=sys.stderr.isatty())
    except OSError as error:
        raise CheckpointError(f'The checkpoint "{url}" could not be downloaded ({error}).') from error
