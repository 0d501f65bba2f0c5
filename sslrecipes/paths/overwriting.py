"""An output that is also an input would destroy it: told before anything is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from sslrecipes.errors import StorageError
from sslrecipes.paths.user_paths import user_path


def refuse_overwriting(inputs: Iterable[str | Path], *outs: str | Path) -> None:
    """Check that what is written is none of the files that are read, under whatever name or link.

    Args:
        inputs: What is read: files, folders, addresses; not looked at unless one of ``outs`` is there already.
        *outs: What will be written; a folder is never written over.

    Raises:
        StorageError: One of ``outs`` is the same file as one of ``inputs``.
    """
    there = {identity: out for out in outs if (identity := _identity(out))}
    for given in inputs if there else ():
        if (identity := _identity(given)) in there:
            raise StorageError(f'"{there[identity]}" is read and would be written over: give another OUT.')


def _identity(path: str | Path) -> tuple[int, int] | None:
    try:
        found = os.stat(user_path(str(path)))  # noqa: PTH116  may be any text
    except (OSError, ValueError):  # not there, an address, or no name of a file at all
        return None
    return None if stat.S_ISDIR(found.st_mode) else (found.st_dev, found.st_ino)
