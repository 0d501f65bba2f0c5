"""Settings in the text of a run's config, read without running it."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Any

_MAX_TEXT, _MAX_DEPTH = 2 << 20, 100
_BRACKETS = re.compile(r'[][(){}]')


def setting(text: str, name: str) -> Any:
    """The value of the top-level variable ``name`` of a dumped config, or ``None``.

    Literals and ``dict(key=...)`` are understood, which is what a dumped config consists of; anything else in the value
    becomes ``None``. So does a text that is no config, or larger or deeper than any: Python's parser would take memory
    and time without a limit for it.
    """
    return settings(text, name).get(name)


def settings(text: str, *names: str) -> dict[str, Any]:
    """The values of some top-level variables of a dumped config, or of all, as :func:`setting` reads them."""
    try:
        return {name: _value(node) for name, node in _variables(text).items() if not names or name in names}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return {}


@lru_cache(maxsize=2)
def _variables(text: str) -> dict[str, ast.expr]:
    """The values of a config's top-level variables; the first of each name."""
    if len(text) > _MAX_TEXT or _too_deep(text):
        return {}
    found: dict[str, ast.expr] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, node.value)
    return found


def _too_deep(text: str) -> bool:
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in '([{' else -1
        if depth > _MAX_DEPTH:
            return True
    return False


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Call(func=ast.Name(id='dict'), args=[], keywords=keywords):
            return {keyword.arg: _value(keyword.value) for keyword in keywords}
        case ast.Dict(keys=keys, values=values):
            return {_value(key): _value(value) for key, value in zip(keys, values, strict=True) if key}
        case ast.List(elts=parts):
            return [_value(part) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(part) for part in parts)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
