"""Places in a config: ``train_dataloader.dataset.pipeline[0].type``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

_MISSING = object()
#: What is wrong with a config: a sentence, and the places that it is about.
Objection = tuple[str, tuple[str, ...]]


def children(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is directly inside a dict or list, each with its step (``.key``, ``[3]``)."""
    if isinstance(node, (Mapping, Config)):
        for key, value in node.items():
            yield f'.{key}', value
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield f'[{index}]', value


def walk(node: Any, place: str = '') -> Iterator[tuple[str, Any]]:
    """Yield ``node`` and everything inside it with its place; ``node`` itself stands at ``place``."""
    yield place, node
    for step, value in children(node):
        yield from walk(value, (place + step).removeprefix('.'))


def enclosing(place: str) -> Iterator[str]:
    """Yield the places around ``place``, nearest first: ``a.b[0]`` is in ``a.b`` and in ``a``."""
    for position in range(len(place) - 1, 0, -1):
        if place[position] in '.[':
            yield place[:position]


def value_at(node: Any, place: str, default: Any = None) -> Any:
    """Value of the dotted ``place``; digits are indices of a list, ``default`` stands for what isn't there."""
    for key in place.split('.'):
        if isinstance(node, (Mapping, Config)):
            node = node.get(key, _MISSING)
        elif isinstance(node, (list, tuple)) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            return default
        if node is _MISSING:
            return default
    return node


def with_values(node: Any, values: Mapping[str, Any], place: str = '') -> Any:
    """A copy of ``node``, which stands at ``place``, with ``values`` at their places inside it.

    What other places may share with it is copied, not changed. The last key of a place may be new.
    """
    if place in values:
        return values[place]
    if isinstance(node, Mapping):
        inside = {key: with_values(value, values, f'{place}.{key}') for key, value in node.items()}
        named = ((*key.rpartition('.'), value) for key, value in values.items() if not key.endswith(']'))
        return inside | {last: value for around, _, last, value in named if around == place and last not in node}
    if isinstance(node, (list, tuple)):
        return type(node)(with_values(value, values, f'{place}[{index}]') for index, value in enumerate(node))
    return node


def set_values(cfg: Config, values: Mapping[str, Any]) -> None:
    """Put ``values`` at their places in ``cfg``, see :func:`with_values`."""
    for key in dict.fromkeys(map(top_of, values)):
        cfg[key] = with_values(cfg.get(key), values, key)


def place_of_option(node: Any, key: str) -> str:
    """Place that the key of an override names: ``pipeline.0.type`` is ``pipeline[0].type``."""
    place = ''
    for name in key.split('.'):
        place += f'[{name}]' if isinstance(node, (list, tuple)) else f'.{name}'
        node = value_at(node, name)
    return place.removeprefix('.')


def key_of(place: str) -> str:
    """The key of an override that names ``place``: ``pipeline[0].type`` is ``pipeline.0.type``."""
    return place.replace('[', '.').replace(']', '')


def top_of(place: str) -> str:
    """The key at the top of the config around ``place``."""
    return place.partition('.')[0].partition('[')[0]
