"""The list of a run's bad images: a text file that data workers, ranks and restarts share."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

from sslrecipes.errors import StorageError
from sslrecipes.paths.user_paths import one_line


class BadImageList:
    r"""A file with one line ``path<TAB>reason<TAB>checksum`` per bad image, in the order in which they were found.

    Each process has an object of its own; a lock on the file and one write per line keep them from mixing lines or
    listing an image twice. (Where the file system has no locks, two machines may list one at the same moment.) A line
    that doesn't agree with its checksum isn't counted: its image is listed anew when it is met.

    Args:
        path: The file; it need not be there, but its folder must.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.damaged = 0
        """Lines that were passed over."""
        self._reasons: dict[str, str] = {}
        self._read_until = 0

    def __len__(self) -> int:
        """Return the number of images known to this process; see :meth:`refresh`."""
        return len(self._reasons)

    @property
    def last(self) -> tuple[str, str]:
        """Path and reason of the image known last."""
        return next(reversed(self._reasons.items()))

    def refresh(self) -> bool:
        """Read what has been added to the file, and tell whether there are new images; costs a ``stat`` if not."""
        known = len(self)
        with suppress(FileNotFoundError):
            if self.path.stat().st_size != self._read_until:
                with self.path.open('rb') as file:
                    self._read_news(file.fileno())
        return len(self) > known

    def add(self, image: str, reason: str) -> None:
        """Add an image, unless it is on the list.

        Raises:
            StorageError: The file can't be written.
        """
        image = one_line(image)
        if image in self._reasons:
            return
        try:
            with self._locked() as file:
                torn = self._read_news(file)
                if image not in self._reasons:
                    line = entry(image, reason)
                    os.write(file, b'\n' + line if torn else line)
                    self._read_news(file)
        except OSError as error:
            raise StorageError(f'Cannot write the list of bad images "{self.path}": {error.strerror}.') from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _read_news(self, file: int) -> bool:
        """Read the whole lines behind those known, and tell whether a torn one follows, left by a crash."""
        size = os.fstat(file).st_size
        if size < self._read_until:  # somebody has begun the list anew
            self._read_until = self.damaged = 0
        news = os.pread(file, size - self._read_until, self._read_until)
        lines, newline, torn = news.rpartition(b'\n')
        self._read_until += len(lines) + len(newline)
        for line in lines.split(b'\n') if lines else ():
            image, _, rest = line.decode(errors='surrogateescape').partition('\t')
            reason = rest.rpartition('\t')[0]
            if line + b'\n' == entry(image, reason):
                self._reasons.setdefault(image, reason)
            else:
                self.damaged += 1
        return bool(torn)


def entry(image: str, reason: str) -> bytes:
    """The line of an image; what would break it is escaped."""
    text = f'{one_line(image)}\t{one_line(reason)}'.encode(errors='surrogateescape')
    return b'%s\t%08x\n' % (text, crc32(text))
