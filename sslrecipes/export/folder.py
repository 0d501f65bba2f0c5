"""Exports of several files: a new folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sslrecipes.checkpoint.files.sources import opened_by_libraries
from sslrecipes.checkpoint.files.writing import storage_error
from sslrecipes.errors import StorageError


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``out``, which is renamed to it in the end.

    Raises:
        StorageError: ``out`` exists and isn't empty, or can't be written.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise StorageError(f'"{out}" exists already: name a new folder.')
    with temporary_folder(out) as folder:
        yield folder
        folder.resolve().replace(out)


@contextmanager
def temporary_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside ``out`` that is removed in the end, by a name that any library can open.

    Raises:
        StorageError: The system refuses to write.
    """
    folder = out.with_name(f'.{out.name}.{os.getpid()}.tmp')
    try:
        folder.mkdir(parents=True)
        with opened_by_libraries(folder) as named:
            yield named
    except OSError as error:
        raise storage_error(out, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
