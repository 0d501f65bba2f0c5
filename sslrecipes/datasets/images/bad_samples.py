"""What becomes of a sample whose file is bad: another is drawn in training, an evaluation ends with one sentence."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from mmengine.logging import print_log

from sslrecipes.compat.local_files import forget_last_read, last_read, read_regular
from sslrecipes.datasets.images.bad_images import BadImageList
from sslrecipes.datasets.images.decoding import BadImageError, decode_image
from sslrecipes.errors import DataError, UserError

HOPELESS = 100
"""So many bad files one after the other, drawn at random, mean that the folder is bad."""

_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_raised: ContextVar[bool] = ContextVar('raised', default=False)


class BadFiles:
    """Counts bad files, and lists or logs each once.

    Attributes:
        listed: The list that files are added to; ``None`` names them in the log.
    """

    def __init__(self) -> None:
        self.listed: BadImageList | None = None
        self._named: set[str] = set()
        self._in_a_row = 0

    def add(self, path: str, reason: str) -> None:
        """Note a bad file.

        Raises:
            DataError: :data:`HOPELESS` files one after the other were bad.
        """
        self._in_a_row += 1
        if self.listed is not None:
            self.listed.add(path, reason)
        elif path not in self._named:
            self._named.add(path)
            print_log(f'skipped bad image "{path}": {reason}', logger='current', level=logging.WARNING)
        if self._in_a_row >= HOPELESS:
            raise DataError(
                f'{HOPELESS} images one after the other are bad, the last "{path}" ({reason}): '
                'see whether the folder is mounted, or look at it with tools/check_data.py.'
            )

    def end_row(self) -> None:
        """Note that a file was good."""
        self._in_a_row = 0


class SampleReader:
    """Makes the samples of a data set, whatever its class and its loading transforms are.

    Attributes:
        replaces: Whether a sample with a bad file is replaced by another, drawn from numpy's generator, which the
            sample has seeded: repeated runs draw the same one. Otherwise the file is named in an error.
        bad: The bad files, if it replaces.
    """

    def __init__(self) -> None:
        self.replaces = False
        self.bad = BadFiles()

    def read(self, dataset: Any, index: int) -> Any:
        """Return sample ``index`` of ``dataset``, or what stands for it.

        Raises:
            DataError: A file is bad and nothing is replaced, or too many are.
        """
        while True:
            forget_last_read()
            try:
                with _raised_bad_files():
                    sample = dataset[index]
            except UserError:
                raise
            except Exception as error:
                found = find_bad_file(error, dataset, index)
                if found is None:
                    raise
                if not self.replaces:
                    raise DataError(_refusal(*found)) from error
                self.bad.add(*found)
                index = np.random.randint(len(dataset))
            else:
                self.bad.end_row()
                return sample


def are_raised() -> bool:
    """Tell whether somebody above decides what becomes of bad files, so that loading transforms raise them."""
    return _raised.get()


@contextmanager
def _raised_bad_files() -> Iterator[None]:
    token = _raised.set(True)
    try:
        yield
    finally:
        _raised.reset(token)


def find_bad_file(error: Exception, dataset: Any, index: int) -> tuple[str, str] | None:
    """Return path and reason if a sample couldn't be made because a file is bad, ``None`` if that isn't why.

    Args:
        error: What was raised.
        dataset: The data set.
        index: The sample.
    """
    if is_shortage(error):
        return None
    named = named_files(dataset, index)
    if isinstance(error, (BadImageError, OSError)):
        path = getattr(error, 'filename', None) or last_read() or next(iter(named), None)
        return (str(path), reason_of(error)) if path else None
    for path in named:  # a decoder of the user's own, which has words of its own
        try:
            decode_image(read_regular(path))
        except (BadImageError, OSError) as problem:
            return path, reason_of(problem)
    return None


def is_shortage(error: Exception) -> bool:
    """Tell whether an error is the machine's trouble, not the file's."""
    return isinstance(error, OSError) and error.errno in _SHORTAGES


def reason_of(error: BadImageError | OSError) -> str:
    """Say in a few words why a file is bad."""
    return f'unreadable: {error.strerror or error}' if isinstance(error, OSError) else str(error)


def named_files(dataset: Any, index: int) -> list[str]:
    """Return the files that a sample is made of, as far as the data set tells."""
    info = dataset.get_data_info(index) if hasattr(dataset, 'get_data_info') else {}
    return [value for key, value in info.items() if key.endswith(('path', 'file_name')) and isinstance(value, str)]


def file_datasets(dataset: Any) -> Iterator[Any]:
    """Yield the data sets inside (wrappers of) ``dataset`` whose samples are made of files, as far as can be told."""
    parts = vars(dataset).get('datasets') or [vars(dataset).get('dataset')]
    if any(part is not None for part in parts):
        for part in parts:
            yield from file_datasets(part)
    elif not hasattr(dataset, 'get_data_info') or named_files(dataset, 0):
        yield dataset


def _refusal(path: str, reason: str) -> str:
    return (
        f'"{path}" can not be read ({reason}), and an evaluation needs every image: mend it, or take it out '
        'of the data set; `python tools/check_data.py FOLDER` finds all that are bad.'
    )
