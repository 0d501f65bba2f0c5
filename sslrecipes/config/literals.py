"""Values as they are written on a command line: ``8``, ``1e-3``, ``None``, ``a,b``, ``[(1,2),x]``, ``dict(a=1)``.

Words need no quotes; what is in quotes is a text whatever it looks like: ``['a,b','8']``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: Reads what is no list or dict.
Reader = Callable[[str], Any]

_CLOSING = {'(': ')', '[': ']', '{': '}'}
_CONSTANTS = {'None': None, 'true': True, 'false': False}
_QUOTED = re.compile(r"""(['"])((?:(?!\1).)*)\1""", re.DOTALL)
#: What ends an item of a list, or may hide such an end.
_MARK = re.compile(r"""(?:^|(?<=[,(\[{:=]))\s*(?:"[^"]*"|'[^']*')|[()\[\]{},]""")
#: How many brackets may be in each other.
_DEPTH = 20


class LiteralError(ValueError):
    """A text that can't be read; the message says why."""


def read_literal(text: str, reader: Reader | None = None) -> Any:
    """Read a value; several with commas between them are a list.

    Args:
        text: What was written.
        reader: Reads what is no list or dict (default: :func:`scalar`).

    Raises:
        LiteralError: If brackets don't match, or an item is empty or has no key.
    """
    parts = _split(text)
    reader = reader or scalar
    return _read(text, reader, _DEPTH) if parts in ([], [text]) else [_read(part, reader, _DEPTH) for part in parts]


def scalar(text: str) -> Any:
    """Read a number, ``True``, ``False`` or ``None``; what is none of them is a word."""
    name = text if text == 'None' else text.lower()
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def is_bracketed(text: str) -> bool:
    """Whether a text is meant to be a list or a dict."""
    return text.lstrip().startswith((*_CLOSING, 'dict('))


def _read(text: str, reader: Reader, depth: int) -> Any:
    text = text.strip()
    if quoted := _QUOTED.fullmatch(text):
        return quoted[2]
    if not is_bracketed(text):
        return reader(text)
    start = text.index('(') if text.startswith('dict(') else 0
    if not depth or not text.endswith(_CLOSING[text[start]]):
        raise LiteralError('its brackets do not match' if depth else 'too many brackets are in each other')
    parts = _split(text[start + 1 : -1])
    if start or text[0] == '{':
        return dict(_item(part, '=' if start else ':', reader, depth) for part in parts)
    values = (_read(part, reader, depth - 1) for part in parts)
    return tuple(values) if text[0] == '(' else list(values)


def _item(text: str, sign: str, reader: Reader, depth: int) -> tuple[str, Any]:
    key, found, value = text.partition(sign)
    name = key.strip().strip('\'"')
    if not found or not name:
        raise LiteralError(f'"{text.strip()}" is no key{sign}value')
    return name, _read(value, reader, depth - 1)


def _split(text: str) -> list[str]:
    """Split at the commas outside of brackets and quotes; a last one may be followed by nothing."""
    open_brackets: list[str] = []
    ends = []
    for mark in _MARK.finditer(text):
        if mark[0] in _CLOSING:
            open_brackets.append(_CLOSING[mark[0]])
        elif mark[0] in _CLOSING.values() and (not open_brackets or open_brackets.pop() != mark[0]):
            raise LiteralError('its brackets do not match')
        elif mark[0] == ',' and not open_brackets:
            ends.append(mark.start())
    if open_brackets:
        raise LiteralError('its brackets do not match')
    parts = [text[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)]
    if not parts[-1].strip():
        parts.pop()
    if not all(part.strip() for part in parts):
        raise LiteralError('an item between its commas is empty')
    return parts
