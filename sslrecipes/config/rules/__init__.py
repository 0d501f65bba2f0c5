"""Rules without which a class fails: written once, for the class and for the check of a config before it is built.

A rule takes plain values, imports no torch, and returns the sentence that refuses them, or None. A class hands what it
was given to :func:`refuse`; :mod:`sslrecipes.config.validation` asks the rules about what a config says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslrecipes.config.rules.checks import Check
from sslrecipes.errors import ConfigError


def refuse(sentence: str | None, *places: str) -> None:
    """Raise what a rule says, if it says something.

    Args:
        sentence: Of the rule.
        *places: Keys of the config that it is about, see :class:`sslrecipes.errors.UserError`.

    Raises:
        ConfigError: With that sentence.
    """
    if sentence:
        raise ConfigError(sentence, *places)


def bad_value(name: str, value: Any, check: Check) -> str | None:
    """An option has a value that ``check`` doesn't allow."""
    allowed = check(value)
    return f'{name} is {value!r}, but must be {allowed}.' if allowed else None


def refuse_bad_values(owner: str, given: Mapping[str, Any], known: Mapping[str, Check]) -> None:
    """Refuse the first of the values ``given`` to the class ``owner`` that isn't allowed.

    Raises:
        ConfigError: If there is one.
    """
    for name, value in given.items():
        refuse(bad_value(f'{owner}.{name}', value, known[name]))
