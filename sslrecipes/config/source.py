"""A config file as it is written: its syntax tree and the files it inherits."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.fileio import load

from sslrecipes.errors import ConfigError, did_you_mean

#: The name by which a config file knows the files that it inherits.
BASE = '_base_'
#: MMEngine's placeholders, which need not be Python: ``{{_base_.x}}`` becomes ``_base_.x``, any other ``None``.
_BASE_PLACEHOLDER = re.compile(r'\{\{\s*(_base_\.[\w.]+)\s*\}\}')
_PLACEHOLDER = re.compile(r'\{\{[^{}\n]*\}\}')
#: How many files are looked at for one of a similar name.
_NEIGHBOURS = 500


@dataclass(frozen=True)
class ConfigFile:
    """One config file.

    Attributes:
        path: The file, as given or as its heir names it.
        tree: Its syntax tree; the line numbers are the file's.
        bases: What its ``_base_`` says.
        line: Line of that ``_base_``; 0 if it has none.
    """

    path: Path
    tree: ast.Module
    bases: tuple[str, ...] = ()
    line: int = 0

    def base_paths(self) -> Iterator[Path]:
        """Yield the files that it inherits.

        Raises:
            ConfigError: Naming this file, the line and the base that isn't there.
        """
        for base in self.bases:
            try:
                path = Path(os.path.normpath(Config._get_cfg_path(base, str(self.path.absolute()))[0]))
            except (AssertionError, ImportError, OSError, ValueError, KeyError) as error:
                hint = _near_in_package(base)
                raise ConfigError(f'{self._where()}: there is no config "{base}": {error}.{hint}') from error
            if path.exists() and not path.is_file():
                raise ConfigError(f'{self._where()}: "{shown(path)}" is no regular file.')
            if not path.is_file():
                raise ConfigError(f'{self._where()}: there is no file "{shown(path)}".{near(path)}')
            yield path

    def _where(self) -> str:
        return f'{shown(self.path)}:{self.line}: _base_'


def read_source(path: Path) -> ConfigFile:
    """Parse a config file; of YAML or JSON only the kind is looked at.

    Raises:
        ConfigError: If it isn't valid Python, naming file and line, or no dict, or what it inherits are no names.
    """
    try:
        text = path.read_text(encoding='utf-8-sig')
        if path.suffix != '.py':
            _check_values(path, text)
            return ConfigFile(path, ast.Module([], []))
        tree = ast.parse(_PLACEHOLDER.sub('None', _BASE_PLACEHOLDER.sub(r'\1', text)))
    except SyntaxError as error:
        raise ConfigError(f'"{shown(path)}" is not valid Python: line {error.lineno}: {error.msg}.') from error
    except ValueError as error:
        raise ConfigError(f'"{shown(path)}" is not a text file: {error}.') from error
    plain = [node for node in tree.body if isinstance(node, ast.Assign) and _is_base(node.targets[0])]
    stores = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    for node in filter(_is_base, stores):
        if node not in [first.targets[0] for first in plain[:1]]:  # MMEngine would pass over it
            raise ConfigError(f'{shown(path)}:{node.lineno}: only one plain assignment, _base_ = ..., is understood.')
    if not plain:
        return ConfigFile(path, tree)
    _check_bases(plain[0].value, f'{shown(path)}:{plain[0].lineno}')
    return ConfigFile(path, tree, _strings(plain[0].value), plain[0].lineno)


def _is_base(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == BASE


def _check_values(path: Path, text: str) -> None:
    """Check that a config in YAML or JSON is a dict; placeholders in it may hide what it is."""
    try:
        values = load(StringIO(text), file_format=path.suffix[1:])
    except (TypeError, ValueError):  # no such format, or placeholders: MMEngine will see
        return
    if not isinstance(values, dict):
        held = 'nothing' if values is None else f'a {type(values).__name__}'
        raise ConfigError(f'"{shown(path)}" holds {held}, but a config is a dict of options.')
    for key in values:
        if not isinstance(key, str):
            raise ConfigError(f'"{shown(path)}": {key!r} is no name that an option can have.')
    _check_names(values.get(BASE, []), f'"{shown(path)}"')


def _check_bases(node: ast.expr, where: str) -> None:
    try:
        bases = ast.literal_eval(node)
    except ValueError:  # an expression
        return
    _check_names(bases, where)


def _check_names(bases: Any, where: str) -> None:
    if not (isinstance(bases, str) or (isinstance(bases, list) and all(isinstance(base, str) for base in bases))):
        raise ConfigError(f'{where}: _base_ is {bases!r}, but must be the name of a config file, or a list of names.')


def lineage(path: Path, heirs: tuple[Path, ...] = ()) -> list[ConfigFile]:
    """Parse a config file and all that it inherits, in the order in which they are merged: ``path`` is the last.

    Raises:
        ConfigError: If one isn't there or no valid Python, or they inherit each other in a circle.
    """
    if path.resolve() in [heir.resolve() for heir in heirs]:
        circle = ' -> '.join(map(shown, (*heirs, path)))
        raise ConfigError(f'Config files inherit each other in a circle: {circle}.')
    source = read_source(path)
    return [*chain.from_iterable(lineage(base, (*heirs, path)) for base in source.base_paths()), source]


def shown(path: Path) -> str:
    """Name a file shortly: ``package::...`` in an installed package, else relative to the working directory."""
    path = path.resolve()
    if '.mim' in path.parts[:-2]:
        package = path.parts.index('.mim') - 1
        return f'{path.parts[package]}::{"/".join(path.parts[package + 3 :])}'
    here = Path.cwd().resolve()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def near(path: Path) -> str:
    """Suggest a Python file whose name is like that of the missing ``path``."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    files = chain.from_iterable(folder.glob(depth + '*.py') for depth in ('', '*/', '*/*/')) if folder.name else ()
    found: list[str] = []
    with suppress(OSError):  # a folder that goes meanwhile
        found.extend(str(file) for file in islice(files, _NEIGHBOURS))
    return did_you_mean(str(path), found)


def _near_in_package(base: str) -> str:
    """Suggest a config of an installed package whose name is like that of the missing ``package::path``."""
    package, sign, name = base.partition('::')
    spec = find_spec(package) if sign and package.isidentifier() else None
    if spec is None or not spec.origin:
        return ''
    configs = Path(spec.origin).parent / '.mim' / 'configs'
    return near(configs / name).replace(f'{configs}{os.sep}', f'{package}::')


def _strings(node: ast.expr) -> tuple[str, ...]:
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    return tuple(item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str))
