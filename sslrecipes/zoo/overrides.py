"""Overrides of the command line: dotted keys and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.data_root import KEY
from sslrecipes.zoo.places import children, place_of_option


def override(cfg: Config, options: Mapping[str, Any]) -> dict[str, Any]:
    """Merge dotted ``options`` into ``cfg``, one after the other, and return the places that they name and the values.

    The parent of each key must exist, and so must a top-level key, but for ``data_root``.

    Raises:
        ConfigError: Naming the unknown key and the nearest known one.
    """
    given = {}
    for key, value in options.items():
        if key != KEY:
            _check_key(cfg, key)
        given[place_of_option(cfg, key)] = value
        cfg.merge_from_dict({key: value})
    return given


def _check_key(cfg: Config, key: str) -> None:
    node: Any = cfg
    *parents, last = key.split('.')
    for depth, name in enumerate(parents):
        node = _child(node, name, '.'.join(parents[: depth + 1]))
    if not parents or isinstance(node, (list, tuple)):
        _child(node, last, key)
    elif not hasattr(node, 'keys'):
        raise ConfigError(f'--cfg-options: "{key}" is inside "{".".join(parents)}", which is {node!r}.')


def _child(node: Any, name: str, dotted: str) -> Any:
    if isinstance(node, (list, tuple)):
        if not name.isdecimal() or int(name) >= len(node):
            raise ConfigError(f'--cfg-options: "{dotted}" must be an index below {len(node)}.')
        return node[int(name)]
    inside = {step.removeprefix('.'): value for step, value in children(node)}
    if name not in inside:
        raise ConfigError(f'--cfg-options: the config has no key "{dotted}".{did_you_mean(name, list(inside))}')
    return inside[name]
