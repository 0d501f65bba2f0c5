"""Errors that are the user's to mend: one clear sentence, exit code 2, before work is lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from typing import Any, TypeVar

F = TypeVar('F', bound=Callable[..., Any])


class UserError(ValueError):
    """Base of every error whose message tells the user what to change."""


class ConfigError(UserError):
    """A config key, type or value that cannot be meant."""


class DataError(UserError):
    """A data set that is missing, empty or not in the stated layout."""


class CheckpointError(UserError):
    """A weight file that is missing, damaged, unsafe or of another family."""


class CoverageError(CheckpointError):
    """A weight file that fills only part of the network."""


def did_you_mean(word: str, choices: list[str]) -> str:
    """Return ``' Did you mean "x"?'`` for the nearest of ``choices``, or an empty string."""
    near = get_close_matches(word, choices, n=1, cutoff=0.5)
    return f' Did you mean "{near[0]}"?' if near else ''


def exit_on_user_error(main: F) -> F:
    """Decorate a tool's ``main``: a :class:`UserError` becomes one line on stderr (of one process) and exit code 2."""

    @wraps(main)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return main(*args, **kwargs)
        except UserError as error:
            if os.environ.get('LOCAL_RANK', '0') == '0':
                print(f'error: {error}', file=sys.stderr)
            sys.exit(2)

    return wrapper  # type: ignore[return-value]
