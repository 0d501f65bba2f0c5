"""What the text of an override means: that depends on what its key has in the config."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sslrecipes.config.literals import LiteralError, is_bracketed, read_literal
from sslrecipes.config.rules.checks import Check, anything
from sslrecipes.errors import ConfigError

#: Keys whose text is a path, whatever it looks like: ``data_root``, ``ann_file``, ``checkpoint``, ``load_from``, ...
_PATH = re.compile(r'(.*_)?(root|dir|file|filename|path|prefix|folder|checkpoint|from|pretrained)')

#: How many characters of a text are repeated in a message.
_SHOWN = 80


class GivenText(str):
    """Text of an override as it was typed, which has yet to be read."""

    __slots__ = ()


def text_of(value: Any) -> str:
    """Text that stands for a value behind ``=``: what :func:`value_of` reads again."""
    return value if isinstance(value, str) else repr(value)


def value_of(key: str, text: str, old: Any, check: Check | None) -> Any:
    """Read the text of an override.

    Args:
        key: The dotted key.
        text: What was typed behind ``=``.
        old: What the key has in the config; None if the config has no such key.
        check: What the value may be, if that is known: then it may be of another kind than ``old``.

    Returns:
        For a path the very text, and mostly so for what is text already; a float for a float, a tuple for a tuple.
        ``None`` is None for every key.

    Raises:
        ConfigError: If the text can't be read, or is of a kind that the key can't have.
    """
    typed = check is not None and check is not anything
    allowed = None
    try:
        for value in _readings(key.rpartition('.')[2], str(text), old):
            allowed = check(value) if check and typed else _objection(value, old)
            if allowed is None:
                return value
    except LiteralError as error:
        raise ConfigError(f'--cfg-options: {key}: {_short(text)} can not be read: {error}.') from error
    raise ConfigError(f'--cfg-options: {key} must be {allowed}, not {_short(text)}.')


def _short(text: str) -> str:
    return repr(str(text) if len(text) <= _SHOWN else f'{text[:_SHOWN]}...')


def _readings(name: str, text: str, old: Any) -> Iterator[Any]:
    """Yield what ``text`` may mean, the likeliest first."""
    if text == 'None':
        yield None
        return
    may_be_text = old is None or isinstance(old, str)
    marked = is_bracketed(text) or text.startswith(('"', "'"))
    if may_be_text and _is_path(name, text, old):
        yield text
        return
    if isinstance(old, str) and not marked:
        yield text
    try:
        literal = _like(read_literal(text, _word if _holds(old, str) else None), old, bare=not marked)
    except LiteralError:
        if not isinstance(old, str) and (marked or old is not None):
            raise
        literal = text
    yield literal
    if may_be_text:
        yield text
    if isinstance(old, (list, tuple)) and not isinstance(literal, (list, tuple)) and not _holds(old, Mapping):
        yield [literal]


def _is_path(name: str, text: str, old: str | None) -> bool:
    if _PATH.fullmatch(name):
        return True
    return '/' in (text if old is None else old) and not is_bracketed(text)


def _word(text: str) -> str | None:
    return None if text == 'None' else text


def _holds(old: Any, kind: type) -> bool:
    return isinstance(old, (list, tuple)) and bool(old) and all(isinstance(item, kind) for item in old)


def _like(value: Any, old: Any, bare: bool = False) -> Any:
    """Bring numbers and lists to the type that they have in the config, where that loses nothing."""
    if _is_number(value) and type(old) is int and float(value).is_integer():
        return int(value)
    if type(value) is int and type(old) is float:
        return float(value)
    if isinstance(value, Mapping) and isinstance(old, Mapping):
        return {key: _like(item, old.get(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and isinstance(old, (list, tuple)):
        items = [_like(item, old[0] if old else None) for item in value]
        return tuple(items) if isinstance(old if bare else value, tuple) else items
    return value


def _objection(value: Any, old: Any) -> str | None:
    """Say what should stand in the place of ``old``, if it isn't ``value``."""
    if value is None or old is None:
        return None
    several = isinstance(value, (list, tuple))
    if isinstance(old, bool):
        return None if isinstance(value, bool) else 'True or False'
    if isinstance(old, (int, float)):
        fits = all(_objection(item, old) is None for item in value) if several else _is_number(value)
        return None if fits else 'a number'
    if isinstance(old, Mapping):
        fits = all(isinstance(item, Mapping) for item in (value if several else [value]))
        return None if fits else 'a dict, as dict(a=1, b=2), or one of its keys be set'
    if isinstance(old, (list, tuple)):
        fits = all(_fits_one(item, old) for item in (value if several else [value]))
        return None if fits else 'a list of what it lists now'
    return None if not isinstance(old, str) or not isinstance(value, (bool, int, float)) else 'text'


def _fits_one(item: Any, old: list[Any] | tuple[Any, ...]) -> bool:
    return not old or any(_objection(item, one) is None for one in old)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
