"""Documented classes and functions of the package, found without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from docstrings import as_cell
from griffe import Docstring, DocstringSectionKind


@dataclass(frozen=True)
class Definition:
    """A class or function.

    Attributes:
        name: Its name.
        module: Its module.
        node: Its syntax tree.
        docstring: Its docstring.
    """

    name: str
    module: str
    node: ast.ClassDef | ast.FunctionDef
    docstring: Docstring

    @property
    def summary(self) -> str:
        """First paragraph, on one line."""
        return as_cell(self.docstring.value.partition('\n\n')[0])

    @property
    def text(self) -> str:
        """What stands before the arguments."""
        sections = self.docstring.parse('google', warnings=False)
        return '\n\n'.join(part.value for part in sections if part.kind is DocstringSectionKind.text)

    @property
    def arguments(self) -> list[tuple[str, str]]:
        """Names and meanings of the arguments."""
        return [(item.name, as_cell(item.description)) for item in self._items(DocstringSectionKind.parameters)]

    @property
    def errors(self) -> list[str]:
        """When it raises a user's error."""
        raised = self._items(DocstringSectionKind.raises)
        return [as_cell(item.description) for item in raised if str(item.annotation) != 'ValueError']

    def defaults(self) -> dict[str, str]:
        """Defaults of the arguments, as they are written."""
        body = self.node.body if isinstance(self.node, ast.ClassDef) else [self.node]
        functions = [item for item in body if isinstance(item, ast.FunctionDef)]
        made_by = next((item for item in functions if item.name in ('__init__', self.name)), None)
        if made_by is None:
            return {}
        given = made_by.args
        names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
        with_default = names[len(names) - len(given.defaults) :] + [argument.arg for argument in given.kwonlyargs]
        pairs = zip(with_default, [*given.defaults, *given.kw_defaults], strict=True)
        return {name: ast.unparse(value) for name, value in pairs if value is not None}

    @property
    def returns(self) -> str:
        """Type that a function returns, as it is written; '' of a class."""
        returned = self.node.returns if isinstance(self.node, ast.FunctionDef) else None
        return ast.unparse(returned) if returned else ''

    def is_registered(self) -> bool:
        """Whether a decorator puts it into a registry."""
        return any('register_module' in ast.unparse(decorator) for decorator in self.node.decorator_list)

    def _items(self, kind: DocstringSectionKind) -> list[Any]:
        sections = self.docstring.parse('google', warnings=False)
        return [item for part in sections if part.kind is kind for item in part.value]


def definitions(root: Path, patterns: Sequence[str]) -> Iterator[Definition]:
    """Public classes and functions with a docstring in the modules that match, in the order of their files."""
    for path in _files(root, patterns):
        for node in _parsed(path).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith('_'):
                text = ast.get_docstring(node)
                if text:
                    module = '.'.join(path.relative_to(root).with_suffix('').parts)
                    yield Definition(node.name, module, node, Docstring(text, lineno=node.lineno))


def _files(root: Path, patterns: Sequence[str]) -> Iterator[Path]:
    for pattern in patterns:
        found = sorted(root.glob(pattern))
        if not found:
            raise FileNotFoundError(f'No file is {pattern} any more: docs/hooks/ must follow.')
        yield from found


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding='utf-8'))
