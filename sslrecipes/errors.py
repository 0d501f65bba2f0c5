"""Errors that are the user's to mend: one clear sentence, exit code 2, before work is lost."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import Any, NoReturn, TypeVar

F = TypeVar('F', bound=Callable[..., Any])
#: Makes words such as ``(set in configs/x.py:12)`` from places of a config.
Explainer = Callable[[tuple[str, ...]], str]
_explainers: list[Explainer] = []

#: Exit codes: after a mistake of the user's, and after a request to stop, as a shell shows for what SIGTERM ended.
USER_ERROR, STOPPED = 2, 128 + signal.SIGTERM
SECONDS_TO_PRINT = 5

#: What a full disk, permissions and odd names lead to.
REFUSED = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EFBIG,
    errno.EACCES,
    errno.EPERM,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
)


class UserError(ValueError):
    """Base of every error whose message tells the user what to change.

    Args:
        message: One sentence.
        *places: Keys of the config that it is about, as ``train_dataloader.dataset.pipeline[0].type``: the tools add
            who set them.
    """

    def __init__(self, message: str = '', *places: str) -> None:
        super().__init__(_without_traceback(message, type(self).__name__))
        self.places = places


def _without_traceback(message: str, name: str) -> str:
    """Return the message of an error of a data worker as it was raised there: torch puts the traceback around it."""
    if not message.startswith(f'Caught {name} in '):
        return message
    return message.rpartition(f'\nsslrecipes.errors.{name}: ')[2].strip()


class ConfigError(UserError):
    """A config key, type or value that cannot be meant."""


class DataError(UserError):
    """A data set that is missing, empty or not in the stated layout."""


class CheckpointError(UserError):
    """A weight file that is missing, damaged, unsafe or of another family."""


class CoverageError(CheckpointError):
    """A weight file that fills only part of the network."""


class StorageError(UserError):
    """A file that can't be written: no space, no permission."""


class RunError(UserError):
    """A run that can't go on: a loss that isn't finite, too many bad images, a process that ended."""


def did_you_mean(word: object, choices: Iterable[object]) -> str:
    """Return ``' Did you mean "x"?'`` for the nearest of ``choices``, or an empty string."""
    near = get_close_matches(str(word), map(str, choices), n=1, cutoff=0.5)
    return f' Did you mean "{near[0]}"?' if near else ''


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 image``, ``2 images``, ``1 class``, ``2 classes``."""
    ending = '' if number == 1 else 'es' if noun.endswith(('s', 'tch')) else 's'
    return f'{number} {noun}{ending}'


def explain_places_with(explainer: Explainer) -> None:
    """From now on let :func:`exit_on_user_error` end its line with what ``explainer`` says of the error's places."""
    _explainers[:] = [explainer]


def exit_on_user_error(main: F) -> F:
    """Decorate a tool's ``main``: a :class:`UserError` becomes one line on stderr and exit code 2.

    So does what a disk or the permissions of a file refuse, wherever it happens. Of several processes the first prints
    it, but each a :class:`RunError`, which may be its own, with its rank. Those that print nothing wait a little,
    because launchers end all processes when one has ended.
    """

    @wraps(main)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        _explainers.clear()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors='backslashreplace')  # any file name can be shown on any terminal
        try:
            return main(*args, **kwargs)
        except UserError as error:
            _exit(error)
        except OSError as error:
            if error.errno not in REFUSED:
                raise
            file = f' ("{error.filename}")' if error.filename else ''
            _exit(StorageError(f'The system refuses a file: {error.strerror}{file}.'))

    return wrapper  # type: ignore[return-value]


def _exit(error: UserError) -> NoReturn:
    own = isinstance(error, RunError) and os.environ.get('WORLD_SIZE', '1') != '1'
    if own or os.environ.get('LOCAL_RANK', '0') == '0':
        rank = f'[rank {os.environ["RANK"]}] ' if own else ''
        origin = [explain(error.places) for explain in _explainers]
        print(' '.join([f'{rank}error: {error}', *filter(None, origin)]), file=sys.stderr)
    else:
        time.sleep(SECONDS_TO_PRINT)
    sys.exit(USER_ERROR)
