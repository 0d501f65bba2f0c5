"""From a path or an address to a file on this machine."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import torch
from mmengine.logging import print_log

from sslrecipes.checkpoint.files.digest_file import agrees, write_digest
from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.distributed.control import from_main_process
from sslrecipes.errors import CheckpointError, did_you_mean


def local_file(path: str | Path) -> Path:
    """Return the local file behind a path or an http(s) address, downloaded if need be.

    Raises:
        CheckpointError: The file is missing, a folder or empty, or the download failed.
    """
    if not str(path):
        raise CheckpointError('No checkpoint is given: set its path or address.')
    if is_address(path):
        return _download(str(path))
    file = Path(path).expanduser()
    if file.is_dir():
        raise CheckpointError(f'"{path}" is a folder: give the checkpoint file in it.')
    if file.exists() and not file.is_file():  # a pipe would wait for a writer, a device has no end
        raise CheckpointError(f'"{path}" is no regular file.')
    if not file.exists():
        siblings = [sibling.name for sibling in file.parent.iterdir()] if file.parent.is_dir() else []
        raise CheckpointError(f'There is no checkpoint "{path}".{did_you_mean(file.name, siblings)}')
    if not file.stat().st_size:
        raise CheckpointError(f'The checkpoint "{path}" is empty (0 bytes).')
    return file


@contextmanager
def opened_by_libraries(file: Path) -> Iterator[Path]:
    """Give a file or folder a name that libraries in C++ and Rust can open while the context lasts: in UTF-8."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield Path(f'/dev/fd/{handle}')
        finally:
            os.close(handle)
    else:
        yield file


def is_address(path: str | Path) -> bool:
    """Tell whether a path is an http(s) address."""
    return str(path).startswith(('http://', 'https://'))


def _download(url: str) -> Path:
    """Fetch ``url`` into torch's hub cache, first by the main process alone, then by nodes that lack the file.

    The folder carries a digest of the address: official releases call many different files ``checkpoint.pth``.
    """
    folder = Path(torch.hub.get_dir(), 'checkpoints', hashlib.sha256(url.encode()).hexdigest()[:8])
    file = folder / (Path(urlparse(url).path).name or 'checkpoint')
    from_main_process(lambda: _fetch(url, file))
    _fetch(url, file)
    return file


def _fetch(url: str, file: Path) -> None:
    """Download a file, and write its digest beside it; one that no longer agrees with its digest is fetched anew."""
    if file.is_file():
        if agrees(file):
            return
        print_log(f'"{file}" is damaged: it is downloaded anew.', 'current', logging.WARNING)
    part = file.with_name(f'{file.name}.{os.getpid()}.part')
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(part), progress=sys.stderr.isatty())
        write_digest(file, sha256(part))
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CheckpointError(f'The checkpoint "{url}" could not be downloaded ({error}).') from error
