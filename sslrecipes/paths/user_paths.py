"""Paths as people write them: ``~`` is the home folder, and a name is a string of bytes of any kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmengine.config import Config

_ESCAPES = str.maketrans({'\t': '\\t', '\n': '\\n', '\r': '\\r'})


def user_path(text: str) -> str:
    """Replace a ``~`` or ``~user`` at the beginning: the ``type`` of every argument that is a path or an address."""
    return os.path.expanduser(text)  # noqa: PTH111  an address is no Path


def user_file(text: str) -> Path:
    """:func:`user_path` for an argument that can only be a local path."""
    return Path(user_path(text))


def lack_of(path: str | Path) -> str:
    """Say why there is no file to read: the path ``does not exist``, or ``is no regular file`` (a pipe, a folder)."""
    return 'is no regular file' if Path(path).exists() else 'does not exist'


def lack_of_folder(path: str | Path) -> str:
    """Say why there is no folder: the path ``does not exist``, or ``is no folder``."""
    return 'is no folder' if Path(path).exists() else 'does not exist'


def expand_home(node: Any) -> Any:
    """Replace ``~`` at the beginning of every text inside a config or a part of it, in place where that is possible.

    Nothing but a path begins with the home folder of a user that there is, so the names of the keys don't matter.

    Returns:
        ``node``, or what stands for it.
    """
    if isinstance(node, str):
        return user_path(node)
    if isinstance(node, (dict, Config)):
        for key, value in list(node.items()):
            replacement = expand_home(value)
            if replacement is not value:
                node[key] = replacement
    elif isinstance(node, list):
        node[:] = map(expand_home, node)
    elif isinstance(node, tuple):
        entries = [expand_home(value) for value in node]
        if any(new is not old for new, old in zip(entries, node, strict=True)):
            return tuple(entries)
    return node


def one_line(name: str | Path) -> str:
    r"""Write a file name into a line of a list: tabs and line breaks become ``\t``, ``\n`` and ``\r``.

    A backslash stays as it is, so that the names that people use are not changed. Bytes that are no UTF-8 stand in the
    text as surrogates: lists are written with ``errors='surrogateescape'``, which makes bytes of them again.
    """
    return str(name).translate(_ESCAPES)


def printable(name: str | Path) -> str:
    r"""Write a file name into a picture or a page: like :func:`one_line`, and bytes that are no UTF-8 as ``\udce9``."""
    return one_line(name).encode(errors='backslashreplace').decode()
