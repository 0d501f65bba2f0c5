"""Read regular files only, and visit each folder once.

MMEngine's file backend opens whatever has a name: a pipe called ``x.jpg`` waits for a writer for ever, a device has no
end. And it follows links in circles: one to a folder above multiplies the images (CustomDataset, ImageNet, mmseg's data
sets), until the system refuses after forty turns. Lists of files are read as UTF-8, which names needn't be.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.fileio import LocalBackend, get_file_backend, parse
from mmengine.logging import print_log

from sslrecipes.errors import DataError

_last_read: list[str] = []


def install() -> None:
    """Let MMEngine's backend of local files, and its lists, read and list with the functions of this module."""
    LocalBackend.get = lambda _, filepath: read_regular(filepath)
    LocalBackend.get_text = _get_text
    LocalBackend.list_dir_or_file = _list_dir_or_file
    parse.get_text = _text_of_list


def read_regular(path: str | Path) -> bytes:
    """Return the content of a file, and remember its name for :func:`last_read`.

    Raises:
        OSError: It can't be read, or is a pipe, a device, a socket or a folder.
    """
    _last_read[:] = [str(path)]
    if not stat.S_ISREG(Path(path).stat().st_mode):  # before it is opened, which may wait, or rewind a tape
        raise OSError(errno.EINVAL, 'no regular file', str(path))
    return Path(path).read_bytes()


def last_read() -> str | None:
    """Return the file that this process read last, since :func:`forget_last_read`."""
    return _last_read[0] if _last_read else None


def forget_last_read() -> None:
    """Let :func:`last_read` return ``None`` until the next file is read."""
    _last_read.clear()


def walk(
    folder: str | Path, left_out: list[str] | None = None, hidden: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """Yield (directory, names of what is no directory) below ``folder``, each directory once, sorted.

    Links are followed, but not to a folder that holds ``folder``, that lies in it and so is visited anyway, or that was
    visited already.

    Args:
        folder: Where to begin.
        left_out: Gets the links that were not followed.
        hidden: Whether to descend into hidden folders, too; hidden files are always left out.

    Raises:
        DataError: A directory can't be listed.
    """
    root = Path(folder).resolve()
    yield from _below(str(folder), root, {_identity(root)}, [] if left_out is None else left_out, hidden)


def subfolders(folder: str | Path) -> tuple[list[str], list[str]]:
    """Return the names of the folders in ``folder``, sorted, and those of links to a folder that holds it.

    Raises:
        DataError: It can't be listed.
    """
    root = Path(folder).resolve()
    names: list[str] = []
    circles: list[str] = []
    for entry in filter(_is_folder, _entries(str(folder))):
        circular = entry.is_symlink() and root.is_relative_to(Path(entry).resolve())
        (circles if circular else names).append(entry.name)
    return names, circles


def _below(
    directory: str, root: Path, seen: set[tuple[int, int]], left_out: list[str], hidden: bool
) -> Iterator[tuple[str, list[str]]]:
    folders, files = [], []
    for entry in _entries(directory):
        if _is_folder(entry):
            folders.append(entry)
        elif not entry.name.startswith('.'):
            files.append(entry.name)
    yield directory, files
    for entry in folders:
        if entry.name.startswith('.') and not hidden:
            continue
        identity = _identity(Path(entry))
        if identity in seen or (entry.is_symlink() and _is_visited_anyway(Path(entry).resolve(), root, hidden)):
            left_out.append(entry.path)
        else:
            seen.add(identity)
            yield from _below(entry.path, root, seen, left_out, hidden)


def _is_visited_anyway(target: Path, root: Path, hidden: bool) -> bool:
    if root.is_relative_to(target):
        return True
    if not target.is_relative_to(root):
        return False
    return hidden or not any(part.startswith('.') for part in target.relative_to(root).parts)


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f'The folder "{directory}" can not be listed: {error.strerror}.') from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(directory: Path) -> tuple[int, int]:
    found = directory.stat()
    return found.st_dev, found.st_ino


def _get_text(_: Any, filepath: str | Path, encoding: str = 'utf-8') -> str:
    with io.TextIOWrapper(io.BytesIO(read_regular(filepath)), encoding) as text:
        return text.read()


def _text_of_list(filepath: str | Path, encoding: str = 'utf-8', backend_args: dict[str, Any] | None = None) -> str:
    """Read a list for ``list_from_file``: names that are not UTF-8 are kept byte for byte."""
    content: bytes = get_file_backend(filepath, backend_args=backend_args, enable_singleton=True).get(filepath)
    return content.decode(encoding, 'surrogateescape')


def _list_dir_or_file(
    _: Any,
    dir_path: str | Path,
    list_dir: bool = True,
    list_file: bool = True,
    suffix: str | tuple[str, ...] | None = None,
    recursive: bool = False,
) -> Iterator[str]:
    """List as upstream, relative to ``dir_path``."""
    folder, left_out = str(dir_path), list[str]()
    for directory, names in walk(folder, left_out, hidden=True):
        place = os.path.relpath(directory, folder)
        prefix = '' if place == '.' else f'{place}/'
        if list_dir and prefix:
            yield place
        if list_file:
            yield from (f'{prefix}{name}' for name in names if suffix is None or name.endswith(suffix))
        if not recursive:
            folders, circles = subfolders(folder)
            left_out += [f'{folder}/{name}' for name in circles]
            yield from folders if list_dir else ()
            break
    for link in left_out:
        print_log(f'"{link}" leads to a folder that is visited anyway: left out', 'current', logging.WARNING)
