"""The first entries of a COCO file, which with half a gigabyte is too large to be read for a look."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from sslrecipes.errors import DataError

_WINDOW = 1 << 22
_BETWEEN = re.compile(r'[\s,]*')


class CocoHead:
    """Looks into the lists of a COCO file (``images``, ``annotations``, ``categories``).

    Args:
        path: The file, for messages.
        content: Its bytes.
    """

    def __init__(self, path: Path, content: mmap.mmap) -> None:
        self.path = path
        self.content = content
        if not content[-64:].rstrip().endswith(b'}'):
            raise DataError(f'The annotation file "{path}" is damaged or not JSON: it does not end with a brace.')

    def first(self, name: str, limit: int) -> list[dict[str, Any]]:
        """Return the first entries of a list.

        Args:
            name: Its key at the top of the file.
            limit: Most entries.

        Raises:
            DataError: There is no such list, or it isn't JSON in UTF-8.
        """
        return list(islice(self.entries(name), limit))

    def entries(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of a list one by one, reading no more of the file than is needed.

        Args:
            name: Its key at the top of the file.

        Raises:
            DataError: There is no such list, or it isn't JSON in UTF-8.
        """
        start = re.search(rb'"%s"\s*:\s*\[' % name.encode(), self.content)
        if start is None:
            raise DataError(f'The annotation file "{self.path}" is not in COCO\'s format: it has no list "{name}".')
        offset, decoder, window = start.end(), json.JSONDecoder(), _WINDOW
        while True:
            text, at, before = self.content[offset : offset + window].decode(errors='surrogateescape'), 0, offset
            with suppress(ValueError):  # an entry that the window cuts
                while text[(at := _end_of_gap(text, at)) : at + 1] != ']':
                    entry, at = decoder.raw_decode(text, at)
                    yield entry
                self._length(text[:at])
                return
            offset += self._length(text[:at])
            if offset == before and offset + window >= len(self.content):
                raise DataError(f'The annotation file "{self.path}" is damaged at its list "{name}".')
            window = 2 * window if offset == before else _WINDOW

    def _length(self, text: str) -> int:
        """Count the bytes of a part that was read."""
        try:
            return len(text.encode())
        except UnicodeEncodeError:
            raise DataError(f'The annotation file "{self.path}" is not UTF-8: save it as UTF-8.') from None


def _end_of_gap(text: str, at: int) -> int:
    gap = _BETWEEN.match(text, at)
    return gap.end() if gap else at


@contextmanager
def open_coco(path: Path) -> Iterator[CocoHead]:
    """Open a COCO file for a look.

    Raises:
        DataError: The file is empty, cut off or not JSON.
    """
    with path.open('rb') as file:
        if not path.stat().st_size:
            raise DataError(f'The annotation file "{path}" is empty.')
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield CocoHead(path, content)
