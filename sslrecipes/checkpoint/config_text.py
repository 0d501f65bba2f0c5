"""Settings in the text of a run's config, read without running it."""

from __future__ import annotations

import ast
from typing import Any


def setting(text: str, name: str) -> Any:
    """The value of the top-level variable ``name`` of a dumped config, or ``None``.

    Literals and ``dict(key=...)`` are understood, which is what a dumped config consists of; anything else in the value
    becomes ``None``.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return _value(node.value)
    return None


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
