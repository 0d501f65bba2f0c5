"""Overrides of the command line: dotted keys and values."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.data_root import KEY
from sslrecipes.zoo.history import OPTION
from sslrecipes.zoo.option_values import GivenText, value_of
from sslrecipes.zoo.places import children, place_of_option, value_at
from sslrecipes.zoo.schema import check_of


class OptionAction(argparse.Action):
    """Take ``KEY=VALUE ...``; what a value means is known with the config, see :func:`override`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the overrides to those given before."""
        options = dict(getattr(namespace, self.dest) or {})
        for text in values or ():
            key, sign, value = text.partition('=')
            if not sign:
                raise ConfigError(f'{OPTION}: "{text}" is no KEY=VALUE; quote a value that has spaces.')
            options[key] = GivenText(value)
        setattr(namespace, self.dest, options)


def override(cfg: Config, options: Mapping[str, Any]) -> dict[str, Any]:
    """Merge dotted ``options`` into ``cfg``, one after the other, and return the places that they name and the values.

    The parent of each key must exist, and so must a top-level key, but for ``data_root``.

    Raises:
        ConfigError: Naming the unknown key and the nearest known one, or the key whose value can't be meant.
    """
    given = {}
    for key, value in options.items():
        if key != KEY:
            _check_key(cfg, key)
        place, old = place_of_option(cfg, key), value_at(cfg, key)
        if isinstance(value, GivenText):
            value = value_of(key, value, old, check_of(cfg, place))
        given[place] = value
        replaced = isinstance(value, Mapping) and not isinstance(old, Mapping)
        cfg.merge_from_dict({key: {**value, '_delete_': True} if replaced else value})
    return given


def _check_key(cfg: Config, key: str) -> None:
    node: Any = cfg
    *parents, last = key.split('.')
    for depth, name in enumerate(parents):
        node = _child(node, name, '.'.join(parents[: depth + 1]))
    if not last or not parents or isinstance(node, (list, tuple)):
        _child(node, last, key)
    elif not hasattr(node, 'keys'):
        raise ConfigError(f'{OPTION}: "{key}" is inside "{".".join(parents)}", which is {node!r}.')


def _child(node: Any, name: str, dotted: str) -> Any:
    if isinstance(node, (list, tuple)):
        if not name.isdecimal() or int(name) >= len(node):
            raise ConfigError(f'{OPTION}: "{dotted}" must be an index below {len(node)}.')
        return node[int(name)]
    inside = {step.removeprefix('.'): value for step, value in children(node)}
    if name not in inside:
        raise ConfigError(f'{OPTION}: the config has no key "{dotted}".{did_you_mean(name, list(inside))}')
    return inside[name]
