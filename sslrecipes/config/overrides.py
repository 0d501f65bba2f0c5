"""Overrides of the command line: dotted keys and values."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from sslrecipes.config.data_root import KEY
from sslrecipes.config.default_hooks import begin_hook
from sslrecipes.config.history import OPTION
from sslrecipes.config.image_size import KEYS
from sslrecipes.config.option_values import GivenText, value_of
from sslrecipes.config.places import children, place_of_option, value_at
from sslrecipes.config.validation.schema import check_of
from sslrecipes.errors import ConfigError, did_you_mean

#: Keys at the top that reach into every recipe, whether it states them or not.
ANYWHERE = (KEY, *KEYS)
#: MMEngine's key of a dict that takes another's place instead of being merged into it.
DELETE = '_delete_'

#: Options that the tools set themselves, from arguments of theirs.
ELSEWHERE = {'launcher': '--launcher'}


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
    """Merge dotted ``options`` into ``cfg``, and return the places that they name and the values.

    The parent of each key must exist, and so must a top-level key, but for :data:`ANYWHERE`.

    Raises:
        ConfigError: Naming the unknown key and the nearest known one, or the key whose value can't be meant.
    """
    given = {}
    for key in sorted(options, key=lambda key: key.count('.')):  # the more specific key counts, whichever comes first
        begin_hook(cfg, key)
        if key not in ANYWHERE:
            _check_key(cfg, key)
        place, value = place_of_option(cfg, key), options[key]
        if isinstance(value, GivenText):
            value = value_of(key, value, value_at(cfg, key), check_of(cfg, place))
        given[place] = value
        top, *inner = key.split('.')
        cfg[top] = _with(cfg.get(top), inner, value)
    return given


def _with(node: Any, names: Sequence[str], value: Any) -> Any:
    """A copy of ``node`` with ``value`` at the place inside it that ``names`` lead to; dicts are merged."""
    if not names:
        return _merged(node, value)
    name, *inner = names
    if isinstance(node, (list, tuple)):
        return type(node)(_with(item, inner, value) if int(name) == at else item for at, item in enumerate(node))
    if name == DELETE:
        return {} if value else node
    key = next((key for key in node if str(key) == name), name)
    return {**node, key: _with(node.get(key), inner, value)}


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(new, Mapping):
        return new
    kept = old if isinstance(old, Mapping) and not new.get(DELETE) else {}
    return {**kept, **{key: _merged(kept.get(key), value) for key, value in new.items() if key != DELETE}}


def _check_key(cfg: Config, key: str) -> None:
    if key in ELSEWHERE:
        raise ConfigError(f'{OPTION}: {key} has no effect here: use {ELSEWHERE[key]}.')
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
