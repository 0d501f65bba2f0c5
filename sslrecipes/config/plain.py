"""Bring a config down to plain values, which its copy in the work dir can hold.

Config files are Python, so they may compute with paths, classes and numpy. MMEngine leaves such objects where they are,
and fails as it writes the copy of the config.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from mmengine.config import Config, ConfigDict

from sslrecipes.config.validation.option_table import RUNNER_KEYS
from sslrecipes.errors import ConfigError

#: Values that are kept as they are.
KEPT_TYPES = (type(None), bool, int, float, complex, str, bytes)
#: What else has a plain value of the same meaning, and how to get it; the first that fits.
PLAIN_FORMS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (os.PathLike, os.fspath),
    (str, str.__str__),
    (bytes, bytes),
    (Integral, int),
    (Real, float),
    (range, list),
)


class NotPlainError(ConfigError):
    """A value that a config can't hold."""


def make_plain(cfg: Config) -> None:
    """Replace paths by their text, importable classes and functions by their names, numpy's numbers by Python's.

    A ``_delete_`` that had nothing to delete goes, which MMEngine leaves behind as an option.
    A name at the top level that is no option of the runner and holds anything else (an imported class, a
    ``functools.partial``) is a helper of the file's own: it is left out, as MMEngine leaves out modules and functions.

    Raises:
        ConfigError: Naming the place and the kind of a value of the runner's for which nothing plain stands.
    """
    for key, value in list(cfg.items()):
        helper = key not in RUNNER_KEYS
        try:
            if not str(key).isidentifier():
                raise ConfigError(f'"{key}" is no name that an option can have.', str(key))
            plain = None if helper and callable(value) else as_plain(value, key)
        except NotPlainError:
            if not helper:
                raise
            plain = None
        if plain is not None:
            cfg[key] = plain
        elif value is not None:
            del cfg._cfg_dict[key]


def as_plain(value: Any, place: str) -> Any:
    """Return the plain value that stands for ``value``; dicts of a config and lists are changed where they are.

    Raises:
        NotPlainError: If there is none.
    """
    if isinstance(value, Mapping):
        made = value if isinstance(value, ConfigDict) else ConfigDict()
        made.pop('_delete_', None)
        made.update({key: as_plain(item, f'{place}.{key}') for key, item in value.items() if key != '_delete_'})
        return made
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [as_plain(item, f'{place}[{index}]') for index, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items) if isinstance(value, tuple) else set(items)
    if type(value) in KEPT_TYPES:
        return value
    for kind, convert in PLAIN_FORMS:
        if isinstance(value, kind):
            return convert(value)
    if type(value).__module__ == 'numpy' and getattr(value, 'ndim', None) == 0:
        return value.item()
    name = importable_name(value)
    if name is None:
        raise NotPlainError(f'{place} is {_described(value)}, which a config can not hold: {_instead(value)}.', place)
    return name


def importable_name(value: Any) -> str | None:
    """Name under which a class or function can be imported, such as ``torch.nn.modules.linear.Linear``.

    None for those of Python itself: ``type=dict`` configures nothing.
    """
    module, path = getattr(value, '__module__', None), getattr(value, '__qualname__', None)
    if str(module).partition('.')[0] in sys.stdlib_module_names:
        return None
    found: Any = sys.modules.get(module) if module and path else None
    for name in (path or '').split('.'):
        found = getattr(found, name, None)
    return f'{module}.{path}' if callable(value) and found is value else None


def _described(value: Any) -> str:
    if isinstance(value, type):
        return f'the class {value.__name__}'
    kind = type(value)
    module = '' if kind.__module__ == 'builtins' else f'{kind.__module__}.'
    return f'an object of {module}{kind.__name__}'


def _instead(value: Any) -> str:
    if callable(value):
        return 'put it into a module that custom_imports names, or give the component as dict(type=..., ...)'
    return 'write .tolist() behind it' if hasattr(value, 'tolist') else 'give a number, a text, a list or a dict'
