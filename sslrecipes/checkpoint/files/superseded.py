"""What an earlier start left behind is given a name that is free, never written over."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

from sslrecipes.errors import StorageError

SUFFIX = '.superseded'
_SUPERSEDED = re.compile(rf'(.+){re.escape(SUFFIX)}(?:-\d+)?', re.DOTALL)


def free_path(path: str | Path) -> Path:
    """Return ``path`` if nothing is there, else the first free one of ``name-2.png``, ``name-3.png``, ..."""
    path = Path(path)
    numbered = (path.with_name(f'{path.stem}-{number}{path.suffix}') for number in count(2))
    return _first_free(chain([path], numbered))


def superseded_path(path: Path) -> Path:
    """Return the first free one of ``name.png.superseded``, ``name.png.superseded-2``, ..."""
    first = path.with_name(path.name + SUFFIX)
    numbered = (first.with_name(f'{first.name}-{number}') for number in count(2))
    return _first_free(chain([first], numbered))


def name_before(path: Path) -> Path:
    """Return the path that something had before it was set aside; ``path`` if it is no such name."""
    name = _SUPERSEDED.fullmatch(path.name)
    return path.with_name(name[1]) if name else path


def numbered_folder(path: str | Path) -> Path:
    """Make a folder of the first free name of :func:`free_path`, and nobody else's.

    Raises:
        StorageError: It can't be made.
    """
    while True:
        folder = free_path(path)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:  # another process was quicker
            continue
        except OSError as error:
            raise StorageError(f'The folder "{folder}" can not be made: {error.strerror or error}.') from error
        return folder


def set_aside(path: str | Path) -> Path | None:
    """Rename a file or folder that is in the way.

    Returns:
        Its new name; ``None`` if nothing is there.

    Raises:
        StorageError: It can't be renamed.
    """
    path = Path(path)
    if _is_free(path):
        return None
    try:
        return path.rename(superseded_path(path))
    except OSError as error:
        raise StorageError(f'"{path}" is in the way and can not be renamed: {error.strerror or error}.') from error


def keep_aside(path: Path) -> Path:
    """Give a file that is about to be replaced a second name, so that there is one under its first name all the time.

    Raises:
        StorageError: The system refuses.
    """
    aside = superseded_path(path)
    try:
        os.link(path, aside)
    except OSError:  # not every file system has hard links
        try:
            shutil.copy2(path, aside)
        except OSError as error:
            raise StorageError(f'"{path}" can not be kept as "{aside}": {error.strerror or error}.') from error
    return aside


def _first_free(paths: Iterator[Path]) -> Path:
    return next(path for path in paths if _is_free(path))


def _is_free(path: Path) -> bool:
    return not os.path.lexists(path)
