"""Digests beside files whose format has no place for one, as ``sha256sum`` writes and checks them."""

from __future__ import annotations

import os
from pathlib import Path

from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.compat.local_files import read_regular


def digest_file(path: Path) -> Path:
    """Where the digest of a file stands."""
    return path.with_name(f'{path.name}.sha256')


def write_digest(path: Path, digest: str | None = None) -> None:
    """Write the digest of a file beside it.

    Args:
        path: The file, whether or not it is there yet if its digest is given.
        digest: Its SHA-256 in hexadecimal.

    Raises:
        StorageError: It can't be written.
    """
    line = f'{digest or sha256(path)}  '.encode() + os.fsencode(path.name) + b'\n'
    write_atomic(digest_file(path), lambda file: file.write_bytes(line))


def agrees(path: Path) -> bool:
    """Tell whether a file agrees with the digest beside it, or there is none."""
    try:
        stated = read_regular(digest_file(path))[:64]
    except FileNotFoundError:
        return True
    return stated == sha256(path).encode()
