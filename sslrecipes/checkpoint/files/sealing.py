"""A file that can tell whether it is whole: its digest stands in the comment of its zip archive.

A torch file is a zip archive, which ends with an optional comment. The comment of a sealed file is the SHA-256 of the
file as it was before it got the comment, so every byte counts. ``torch.load`` and zip programs read the file as ever.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any, BinaryIO

from sslrecipes.errors import CheckpointError

MARK = b'sslrecipes-sha256:'
COMMENT_SIZE = len(MARK) + 64
END_SIZE = 22  # of the record at the end of an archive, without the comment
_NO_COMMENT = b'\0\0'  # the length of the comment, at the very end of an archive without one
_END = b'PK\5\6'
_LENGTH = COMMENT_SIZE.to_bytes(2, 'little')
_SEAL_SIZE = len(_LENGTH) + COMMENT_SIZE
_BLOCK = 1 << 20


class SealedFile(io.BufferedWriter):
    """A file to :func:`torch.save` to, hashed while it is written, so that nothing is read or held twice.

    The archive writer of torch turns an exception in ``write`` into one that doesn't tell what happened; therefore the
    first failure is kept, everything after it is ignored, and :meth:`seal` raises it.

    Args:
        path: The file, which is replaced.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(io.FileIO(str(path), 'wb'))
        self._digest = hashlib.sha256()
        self._failure: BaseException | None = None

    def write(self, data: Any) -> int:
        """Write and hash a buffer of bytes; return its size."""
        if self._failure is None:
            try:
                super().write(data)
                self._digest.update(data)
            except BaseException as failure:  # noqa: BLE001  seal() raises it
                self._failure = failure
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Hand what is buffered to the system, unless a write has failed."""
        if self._failure is None:
            super().flush()

    def seal(self) -> None:
        """Write the digest behind the archive.

        Raises:
            OSError: Something could not be written.
        """
        if self._failure is not None:
            raise self._failure
        self.seek(-len(_NO_COMMENT), os.SEEK_END)
        super().write(_LENGTH + MARK + self._digest.hexdigest().encode())


def seal_of(path: str | Path) -> str:
    """Return the digest that a file carries, or an empty string, without checking it.

    Raises:
        CheckpointError: Its end is missing or damaged.
    """
    with Path(path).open('rb') as stream:
        return read_seal(stream, str(path))


def verify(path: str | Path) -> None:
    """Compare a file with the digest it carries.

    Raises:
        CheckpointError: The file can't be read, is damaged, or carries no digest.
    """
    if Path(path).exists() and not Path(path).is_file():  # a pipe would wait for a writer
        raise CheckpointError(f'"{path}" is no regular file.')
    try:
        with Path(path).open('rb') as stream:
            check_content(stream, str(path), read_seal(stream, str(path), required=True))
    except OSError as error:
        raise CheckpointError(f'"{path}" can not be read: {error.strerror or error}.') from error


def read_seal(stream: BinaryIO, name: str, required: bool = False) -> str:
    """Return the digest that an open torch archive carries, or an empty string.

    Args:
        stream: The archive.
        name: What errors call it.
        required: Refuse an archive without digest.

    Raises:
        CheckpointError: The archive's end is missing or damaged, or it carries no digest although it must.
    """
    size = stream.seek(0, os.SEEK_END)
    if not size:
        raise CheckpointError(f'"{name}" is empty (0 bytes).')
    stream.seek(max(0, size - END_SIZE - COMMENT_SIZE))
    tail = stream.read()
    if tail.startswith(_END) and tail[-_SEAL_SIZE:].startswith(_LENGTH + MARK):
        return tail[-64:].decode('latin1')
    if not tail[-END_SIZE:].startswith(_END) or not tail.endswith(_NO_COMMENT):
        raise CheckpointError(f'"{name}" is damaged, cut short or not a checkpoint: an archive ends otherwise.')
    if required:
        raise CheckpointError(f'"{name}" carries no digest, so nothing tells whether it is whole.')
    return ''


def check_content(stream: BinaryIO, name: str, seal: str) -> None:
    """Compare an open archive with the digest that :func:`read_seal` found in it.

    Raises:
        CheckpointError: They don't agree.
    """
    size = stream.seek(0, os.SEEK_END) - _SEAL_SIZE
    stream.seek(0)
    digest = _digest(stream, size)
    digest.update(_NO_COMMENT)
    if digest.hexdigest() != seal:
        raise CheckpointError(f'"{name}" is damaged: its content does not agree with the digest it carries.')


def sha256(path: str | Path) -> str:
    """Return the SHA-256 digest of a file in hexadecimal."""
    with Path(path).open('rb') as stream:
        return _digest(stream, Path(path).stat().st_size).hexdigest()


def _digest(stream: BinaryIO, size: int) -> Any:
    digest = hashlib.sha256()
    while block := stream.read(min(_BLOCK, size)):
        digest.update(block)
        size -= len(block)
    return digest
