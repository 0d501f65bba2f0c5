"""Reading weight files without ever running code from them."""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from sslrecipes.checkpoint.files.archive import check_archive
from sslrecipes.checkpoint.files.contents import check_contents
from sslrecipes.checkpoint.files.pickle_depth import too_deep
from sslrecipes.checkpoint.files.sealing import COMMENT_SIZE, END_SIZE, check_content, read_seal
from sslrecipes.checkpoint.files.sources import is_address, local_file, opened_by_libraries
from sslrecipes.checkpoint.files.tensor_digest import DIGEST, check_digest
from sslrecipes.checkpoint.files.unpickling import load_restricted, restricted
from sslrecipes.errors import CheckpointError

Location = str | torch.device | Callable[..., Any] | dict[str, str] | None

_ZIP, _PICKLE = b'PK\x03\x04', b'\x80'
_PICKLED_DICTIONARY = b'\x80\x02}'
"""A pickle of protocol 2 without anything of torch's around."""
_LEGACY_PICKLES = 5
"""How many the old format begins with: mark, version, system, content, names of the storages."""


def read_checkpoint(path: str | Path, map_location: Location = 'cpu', sealed: bool = False) -> dict[str, Any]:
    """Read a ``.safetensors``, torch or detectron2 file, local or behind an http(s) address.

    Torch files go through torch's restricted unpickler with a short list of harmless types besides tensors (see
    :func:`~sslrecipes.checkpoint.files.unpickling.restricted`). There is no way back to unrestricted unpickling. Before
    that the file is compared with the digest it carries, or with the checksums of its archive. A ``.pkl`` of detectron2
    that was pickled by protocol 2, as ours are, goes the same way; arrays in its entry ``model`` become tensors. These
    and the tensors of a ``.safetensors`` file are compared with the digest among them, if the file is one of ours.
    Whatever was read must be names of dense tensors and plain values (:mod:`sslrecipes.checkpoint.files.contents`).

    Args:
        path: File or address. A readable download stays in torch's hub cache.
        map_location: Where the tensors go, as in :func:`torch.load`.
        sealed: Refuse a file without digest: only a sealed file is known to be whole.

    Returns:
        The dictionary in a torch file or pickle; ``{'state_dict': tensors, 'meta': metadata}`` for ``.safetensors``.

    Raises:
        CheckpointError: The file is missing, a folder, empty, damaged, of neither format, holds no dictionary, its
            pickle asks for anything that is not on the list, or it holds other than dense tensors and plain values.
    """
    file = local_file(path)
    try:
        return _read(file, map_location, str(path), sealed)
    except CheckpointError:
        if is_address(path):
            file.unlink(missing_ok=True)  # a cut download must not be found in the cache the next time
        raise


def read_mapped(path: str | Path, sealed: bool = False) -> dict[str, Any]:
    """Read a checkpoint; the tensors of a torch file stay on the disk until they are looked at.

    Args:
        path: File.
        sealed: Compare the whole file with its digest first, which it must carry.

    Raises:
        CheckpointError: As :func:`read_checkpoint`.
    """
    file, name = local_file(path), str(path)
    if not _head(file, name).startswith(_ZIP):
        return _read(file, 'cpu', name, sealed)
    _check_torch(file, name, sealed, content=sealed)
    with opened_by_libraries(file) as named:
        return _unpickle(named, name, 'cpu', mmap=True)


def read_torch(
    file: Path | BinaryIO, map_location: Location = 'cpu', name: str = '', sealed: bool = False
) -> dict[str, Any]:
    """Read a torch file or stream through the restricted unpickler; ``name`` is what errors call it.

    Raises:
        CheckpointError: See :func:`read_checkpoint`.
    """
    name = name or str(file)
    _check_torch(file, name, sealed)
    return _unpickle(file, name, map_location)


def _read(file: Path, map_location: Location, name: str, sealed: bool) -> dict[str, Any]:
    head = _head(file, name)
    is_safetensors = head[8:] == b'{' and not head.startswith(_ZIP)  # the size before it may look like a pickle
    if head.startswith(_PICKLED_DICTIONARY) and not (is_safetensors or sealed):
        return _read_pickle(file, map_location, name)
    if head.startswith((_ZIP, _PICKLE)) and not is_safetensors:
        return read_torch(file, map_location, name, sealed)
    if not is_safetensors:
        raise CheckpointError(f'"{name}" is neither a torch file nor a safetensors file: it starts with {head!r}.')
    if sealed:
        raise CheckpointError(
            f'"{name}" is a safetensors file, which carries no digest: it holds no run to go on with.'
        )
    state, meta = read_safetensors(file, map_location, name)
    return {'state_dict': state, 'meta': meta}


def _head(file: Path, name: str) -> bytes:
    try:
        with file.open('rb') as stream:
            return stream.read(9)
    except OSError as error:
        raise CheckpointError(f'"{name}" can not be read: {error.strerror or error}.') from error


def _check_torch(file: Path | BinaryIO, name: str, sealed: bool, content: bool = True) -> None:
    """Check digest, or else checksums, and limits; without ``content`` only what is quickly checked."""
    with file.open('rb') if isinstance(file, Path) else nullcontext(file) as stream:
        stream.seek(0)
        if stream.read(len(_ZIP)) == _ZIP or sealed:
            seal = read_seal(stream, name, required=sealed)
            if seal and content:
                check_content(stream, name, seal)
            end = stream.seek(0, os.SEEK_END) - END_SIZE - (COMMENT_SIZE if seal else 0)
            check_archive(stream, name, end, checksums=content and not seal)
        elif _is_tar(stream):
            raise CheckpointError(
                f'"{name}" was refused: it is a tar archive, which torch wrote before version 0.1.10.'
            )
        elif too_deep(_from_start(stream), _LEGACY_PICKLES):
            raise CheckpointError(f'"{name}" was refused: its pickle nests tuples too deeply.')
        stream.seek(0)


def _from_start(stream: BinaryIO) -> BinaryIO:
    stream.seek(0)
    return stream


def _is_tar(stream: BinaryIO) -> bool:
    return tarfile.is_tarfile(_from_start(stream))


def _read_pickle(file: Path, map_location: Location, name: str) -> dict[str, Any]:
    device = map_location if isinstance(map_location, str | torch.device) else 'cpu'
    try:
        with file.open('rb') as stream:
            if too_deep(stream):
                raise CheckpointError(f'"{name}" was refused: its pickle nests tuples too deeply.')
            held = load_restricted(_from_start(stream))
        check_contents(held, name)
        if isinstance(held.get('model'), dict):
            held['model'] = {key: _as_tensor(value, device) for key, value in held['model'].items()}
            check_digest(name, held['model'], {key: held[key] for key in (DIGEST,) if key in held})
            held.pop(DIGEST, None)
    except CheckpointError:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        raise CheckpointError(_complaint(name, error)) from error
    return held


def _as_tensor(value: Any, device: str | torch.device) -> Any:
    is_array = isinstance(value, np.ndarray) and value.dtype.kind in 'biuf'
    return torch.from_numpy(value.view(np.ndarray)).to(device) if is_array else value


def _unpickle(file: Path | BinaryIO, name: str, map_location: Location, mmap: bool = False) -> dict[str, Any]:
    try:
        with restricted():
            checkpoint = torch.load(file, map_location=map_location, weights_only=True, mmap=mmap)
    except Exception as error:  # a damaged pickle can raise anything
        raise CheckpointError(_complaint(name, error)) from error
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'"{name}" holds a {type(checkpoint).__name__}, not a dictionary of weights.')
    check_contents(checkpoint, name)
    return checkpoint


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


def read_safetensors(
    file: Path, map_location: Location = 'cpu', name: str = '', required: bool = False
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata of a local safetensors file, whose library limits the header to 100 MB.

    Args:
        file: File.
        map_location: Where the tensors go: a device, or the CPU.
        name: What errors call it.
        required: Refuse a file without digest: only one of ours is known to be whole.

    Raises:
        CheckpointError: It is damaged.
    """
    name = name or str(file)
    device = str(map_location) if isinstance(map_location, str | torch.device) else 'cpu'
    try:
        with opened_by_libraries(file) as named, safe_open(named, framework='pt', device=device) as stream:
            state = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118  not a mapping
            texts = stream.metadata() or {}
    except Exception as error:  # a damaged header can raise anything
        raise CheckpointError(f'"{name}" is a damaged or cut safetensors file ({error}).') from error
    check_contents({'state_dict': state, 'meta': texts}, name)
    check_digest(name, state, texts, required)
    return state, {key: text for key, text in texts.items() if key != DIGEST}
