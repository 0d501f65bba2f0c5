"""Writing files so that a reader sees the old file or the whole new one, never a part."""

from __future__ import annotations

import copy
import filecmp
import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from sslrecipes.checkpoint.files.sealing import SealedFile
from sslrecipes.checkpoint.files.superseded import keep_aside
from sslrecipes.checkpoint.files.tensor_digest import DIGEST, tensor_digest
from sslrecipes.errors import StorageError
from sslrecipes.paths.user_paths import printable

#: Name of a file that is being written: that of the file to be, and the number of the writing process.
TEMPORARY = re.compile(r'\.(.+)\.(\d+)\.tmp')
#: Bytes of the former, lest a long name becomes one that file systems refuse.
_MOST_OF_NAME = 200


def write_atomic(path: str | Path, writer: Callable[[Path], object], keep_other: bool = False) -> Path:
    """Let ``writer`` fill a temporary file beside ``path``, flush it to the disk and rename it to ``path``.

    Args:
        path: Where the file shall be; missing folders are made.
        writer: Writes the whole content to the path it is given. If it raises, ``path`` is left as it was.
        keep_other: Keep a file that is there with another content under a free name, ``*.superseded``.

    Returns:
        ``path``.

    Raises:
        StorageError: The system refuses: no space, no permission, ...
    """
    path = Path(path).expanduser()
    short = os.fsdecode(os.fsencode(path.name)[:_MOST_OF_NAME])
    temporary = path.with_name(f'.{short}.{os.getpid()}.tmp')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        permissions = temporary.stat().st_mode
        writer(temporary)
        temporary.chmod(permissions)  # libraries that write by a temporary file of their own make it private
        _flush(temporary)
        if keep_other and path.is_file() and not filecmp.cmp(temporary, path, shallow=False):
            keep_aside(path)
        temporary.replace(path)
    except OSError as error:
        raise storage_error(path, error.strerror or str(error)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    with suppress(OSError):  # not every file system lets a folder be flushed
        _flush(path.parent)
    return path


def storage_error(path: Path, reason: str) -> StorageError:
    """Say that a file could not be written, and why."""
    unharmed = ' The file that was there before is unchanged.' if os.path.lexists(path) else ''
    return StorageError(f'Could not write "{path}": {reason}.{unharmed}')


def save_safetensors(path: str | Path, state: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> Path:
    """Write tensors and text metadata atomically as ``.safetensors``, with a digest of both in the metadata.

    Only tensors that aren't contiguous, that share memory or aren't on the CPU are copied.

    Raises:
        StorageError: The file can't be written.
    """
    path, texts = (
        Path(path).expanduser(),
        {'format': 'pt', **{key: printable(text) for key, text in (metadata or {}).items()}},
    )
    tensors = dict(_apart(state))
    texts[DIGEST] = tensor_digest(tensors, texts)
    try:
        return write_atomic(path, lambda file: save_file(tensors, file, metadata=texts))
    except SafetensorError as error:
        raise storage_error(path, str(error)) from error


def save_torch(path: str | Path, checkpoint: Mapping[str, Any]) -> Path:
    """Write a checkpoint atomically in torch's own format, sealed with its digest.

    It is written as it stands in memory, without a second copy.

    Raises:
        StorageError: The file can't be written.
    """
    return write_atomic(path, lambda file: _write_sealed(file, checkpoint))


class BackgroundWriter:
    """Writes checkpoints from copies in a thread; at most one at a time.

    Args:
        save: Writes a checkpoint to a path, as :func:`save_torch`.
    """

    def __init__(self, save: Callable[[str | Path, Mapping[str, Any]], Path] = save_torch) -> None:
        self._save = save
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix='checkpoint')
        self._pending: Future[Path] | None = None

    def write(self, path: str | Path, checkpoint: Mapping[str, Any]) -> None:
        """Copy a checkpoint to the CPU and begin to write the copy.

        Raises:
            StorageError: The file before could not be written.
        """
        self.wait()
        self._pending = self._pool.submit(self._save, path, copied(checkpoint))

    def wait(self) -> None:
        """Wait until nothing is left to be written.

        Raises:
            StorageError: The file could not be written.
        """
        pending, self._pending = self._pending, None
        if pending:
            pending.result()


def copied(checkpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    """Copy a checkpoint to the CPU; equal views, such as tied weights, share their copy."""
    copies: dict[Any, Tensor] = {}
    memo: dict[int, Any] = {}
    for tensor in _tensors(checkpoint):
        view = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        if view not in copies:
            copies[view] = tensor.detach().to('cpu', copy=True)
        memo[id(tensor)] = copies[view]
    return copy.deepcopy(checkpoint, memo)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part)


def _apart(state: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Contiguous tensors on the CPU, each on its own storage."""
    seen: set[int] = set()
    for name, tensor in state.items():
        plain = tensor.detach().cpu().contiguous()
        storage = plain.untyped_storage().data_ptr()
        yield name, plain.clone() if storage in seen else plain
        seen.add(storage)


def _write_sealed(file: Path, checkpoint: Mapping[str, Any]) -> None:
    with SealedFile(file) as stream:
        torch.save(checkpoint, stream)
        stream.seal()


def _flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
