"""Whether a file still fits."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

from sslrecipes.errors import StorageError

_MIB = 2**20


def check_room(folder: Path, bytes_needed: int, what: str) -> None:
    """Check that a file of some size could be stored.

    Args:
        folder: Where; it is there.
        bytes_needed: Size of the file.
        what: The file, in words.

    Raises:
        StorageError: There is too little space, or files of that size aren't allowed.
    """
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    for room, where in ((shutil.disk_usage(folder).free, 'is free'), (limit, 'is allowed for a file (ulimit -f)')):
        if room != resource.RLIM_INFINITY and room < bytes_needed:
            raise StorageError(
                f'{what} has {bytes_needed / _MIB:,.0f} MiB, but only {room / _MIB:,.0f} MiB {where} in "{folder}": '
                f'make room, or choose another folder.'
            )
