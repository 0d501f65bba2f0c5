"""What a value may be. A check returns None for a good value, else what is allowed in its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], str | None]


def whole(least: int, below: int | None = None) -> Check:
    """A whole number from ``least`` to below ``below``."""
    allowed = f'a whole number of at least {least}' + (f' and below {below}' if below else '')

    def check(value: Any) -> str | None:
        good = isinstance(value, int) and not isinstance(value, bool) and value >= least
        return None if good and (below is None or value < below) else allowed

    return check


def number(least: float, below: float | None = None) -> Check:
    """A finite number from ``least`` to below ``below``."""
    allowed = f'a number of at least {least}' + (f' and below {below}' if below else '')

    def check(value: Any) -> str | None:
        good = (
            isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= least
        )
        return None if good and (below is None or value < below) else allowed

    return check


def above(least: float) -> Check:
    """A finite number above ``least``."""
    inner = number(least)
    return lambda value: None if inner(value) is None and value > least else f'a number above {least}'


def share(value: Any) -> str | None:
    """A number from 0 to 1."""
    return None if number(0)(value) is None and value <= 1 else 'a number from 0 to 1'


def part(value: Any) -> str | None:
    """A number above 0, up to 1."""
    return None if share(value) is None and value > 0 else 'a number above 0, and no more than 1'


def one_of(*words: Any) -> Check:
    """One of ``words``."""
    allowed = ' or '.join(map(repr, words))
    return lambda value: None if any(type(value) is type(word) and value == word for word in words) else allowed


def several(each: Check, count: int) -> Check:
    """A list or tuple of ``count`` values."""

    def check(value: Any) -> str | None:
        good = isinstance(value, (list, tuple)) and len(value) == count and not any(map(each, value))
        return None if good else f'{count} values, each {each(None)}'

    return check


def every(each: Check) -> Check:
    """A list or tuple of any length."""

    def check(value: Any) -> str | None:
        good = isinstance(value, (list, tuple)) and not any(map(each, value))
        return None if good else f'a list, each item {each(None)}'

    return check


def either(*checks: Check) -> Check:
    """What one of ``checks`` allows."""

    def check(value: Any) -> str | None:
        allowed = [one(value) for one in checks]
        return None if None in allowed else ' or '.join(filter(None, allowed))

    return check


def optional(check: Check) -> Check:
    """What ``check`` allows, or None, which says nothing and so isn't offered."""
    return lambda value: None if value is None else check(value)


def _kind(allowed: str, *kinds: type) -> Check:
    return lambda value: None if isinstance(value, kinds) else allowed


boolean = _kind('True or False', bool)
text = _kind('text', str)
options = _kind('a dict', dict)
items = _kind('a list', list, tuple)
nothing = one_of(None)
size = either(whole(1), several(whole(1), 2))


def anything(value: Any) -> None:
    """Any value: a component, or what its own class checks."""
