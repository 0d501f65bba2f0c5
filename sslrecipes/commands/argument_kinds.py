"""Whether the values of a config are of the kinds that the annotations of a component's constructor ask for."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from textwrap import dedent
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_WORDS: dict[Any, str] = {
    NoneType: 'None',
    bool: 'True or False',
    int: 'a whole number',
    float: 'a number',
    str: 'text',
    list: 'a list',
    dict: 'a dict',
}
_NUMBERS = (bool, int, float)


@dataclass(frozen=True)
class Kind:
    """What the annotation of an argument asks for.

    Attributes:
        annotation: The annotation; one with anything but plain values is taken to allow everything.
        exact: Whether it is to be believed. Those of this package are checked by mypy; in those of others a ``dict``
            may be a list of dicts, a ``Tuple[int]`` have several items, and any argument be None.
    """

    annotation: Any
    exact: bool = True

    def misfit(self, value: Any) -> str | None:
        """Say in words what is allowed, if ``value`` isn't.

        YAML and command lines have no tuples, and no two kinds of numbers: lists and tuples are one, and whole numbers
        are numbers.

        Example:
            >>> Kind(list[int]).misfit(3)
            'a list, each item a whole number'
            >>> Kind(list[int]).misfit((1, 2))
        """
        fits = _fits if self.exact else _is_alike
        return None if fits(value, self.annotation) else _words(self.annotation)


@cache
def kinds_of(component: Callable[..., Any]) -> dict[str, Kind]:
    """Kinds of the arguments that a function or a class, with those that it inherits from, can be given."""
    functions = [component]
    if inspect.isclass(component):
        functions = [vars(cls)['__init__'] for cls in reversed(component.__mro__) if '__init__' in vars(cls)]
    return {
        name: Kind(hint, exact=function.__module__.startswith('sslrecipes.'))
        for function in functions
        for name, hint in _hints(function).items()
    }


@cache
def given_to_parent(init: Callable[..., Any]) -> frozenset[str]:
    """Arguments that a constructor always gives its parent beside ``**kwargs``, where they would be one too many.

    Example:
        >>> class Folder(dict):
        ...     def __init__(self, **kwargs):
        ...         super().__init__(ann_file='', **kwargs)
        >>> given_to_parent(Folder.__init__)
        frozenset({'ann_file'})
    """
    try:
        nodes = list(ast.walk(ast.parse(dedent(inspect.getsource(init)))))
    except (OSError, SyntaxError, TypeError):  # no Python
        return frozenset()
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == 'super().__init__']
    names = [{keyword.arg for keyword in call.keywords} for call in calls]
    popped = {node.value for node in nodes if isinstance(node, ast.Constant)}  # ``kwargs.pop('name')``
    always = set.intersection(*names) if names else set()
    return frozenset(name for name in always if name and name not in popped) if None in always else frozenset()


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        found = get_type_hints(function)
        parameters = inspect.signature(function).parameters
    except (NameError, TypeError, ValueError):  # names that are imported for type checkers only, or no signature
        return {}
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    return {name: hint if _fits(defaults.get(name), hint) else Any for name, hint in found.items() if name in defaults}


def _fits(value: Any, annotation: Any) -> bool:
    kind = _kind(annotation)
    if kind is Union:
        return any(_fits(value, one) for one in get_args(annotation))
    if kind is Literal:
        return value in get_args(annotation)
    if kind is list:
        return isinstance(value, (list, tuple)) and _items_fit(value, annotation)
    if kind is dict:
        values = get_args(annotation)[1:]
        return isinstance(value, Mapping) and all(_fits(item, one) for item in value.values() for one in values)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return kind is None or type(value) is kind


def _is_alike(value: Any, annotation: Any) -> bool:
    """Whether the value isn't surely of another kind: text for a number, or a number or text for a container."""
    kind = _kind(annotation)
    if value is None or kind is Union:
        return value is None or any(_is_alike(value, one) for one in get_args(annotation))
    if kind in (list, dict):
        return not isinstance(value, (str, *_NUMBERS))
    return kind is not NoneType and not (kind in _NUMBERS and isinstance(value, str))


def _items_fit(value: Iterable[Any], annotation: Any) -> bool:
    items, kinds = list(value), get_args(annotation)
    if get_origin(annotation) is tuple and kinds[-1:] != (...,):
        return len(items) == len(kinds) and all(map(_fits, items, kinds))
    return not kinds or all(_fits(item, kinds[0]) for item in items)


def _kind(annotation: Any) -> Any:
    """The kind of plain value that an annotation asks for; None if it is another."""
    origin = get_origin(annotation) or annotation
    if origin is UnionType:
        return Union
    if origin is Union or origin is Literal or origin in _WORDS:
        return origin
    if inspect.isclass(origin) and origin is not object:
        return next((kind for kind in (list, dict) if issubclass(kind, origin)), list if origin is tuple else None)
    return None


def _words(annotation: Any) -> str:
    kind, inside = _kind(annotation), get_args(annotation)
    if kind is Union:
        return ' or '.join(dict.fromkeys(map(_words, inside)))
    if kind is Literal:
        return ' or '.join(map(repr, inside))
    if kind is list and get_origin(annotation) is tuple and inside[-1:] != (...,):
        return f'{len(inside)} values, each {" or ".join(dict.fromkeys(map(_words, inside)))}'
    if kind is list and inside and _kind(inside[0]):
        return f'a list, each item {_words(inside[0])}'
    return _WORDS.get(kind, 'a component')
