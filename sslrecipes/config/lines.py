"""Which line of a config file sets what: its syntax tree read as far as plain assignments go.

Understood are ``dict(...)``, dict, list and tuple displays, ``*`` and ``**``, sums of lists, names, ``_base_.x.y``, and
assignments to names, keys and attributes. All else (calls, loops, comprehensions) counts as one value set by one line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sslrecipes.config.source import BASE


@dataclass(frozen=True)
class Origin:
    """Who set a value.

    Attributes:
        source: File, or command-line option.
        line: Line of the file, if known.
        uses: Names from which that line made the value.
    """

    source: str
    line: int | None = None
    uses: frozenset[str] = field(default=frozenset(), compare=False)

    def __str__(self) -> str:
        return self.source if self.line is None else f'{self.source}:{self.line}'


#: Origins of a value (``''``) and of what is inside it (``.key``, ``[0].key``).
Marks = dict[str, Origin]


@dataclass
class LineReader:
    """Reads one file.

    Args:
        source: Name of the file.
        base: Origins in the merged base files, by place.
    """

    source: str
    base: Mapping[str, Origin]
    names: dict[str, Marks] = field(default_factory=dict)

    def read(self, tree: ast.Module) -> dict[str, Origin]:
        """Return the origin of every place that the file names."""
        for statement in tree.body:
            self._statement(statement)
        return {name + step: origin for name, marks in self.names.items() for step, origin in marks.items()}

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign):
            marks = self._value(statement.value)
            for target in statement.targets:
                self._assign(target, marks)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._assign(statement.target, self._value(statement.value))
        elif isinstance(statement, ast.AugAssign):
            sum_of_both = ast.BinOp(statement.target, statement.op, statement.value)
            self._assign(statement.target, self._value(ast.copy_location(sum_of_both, statement)))
        elif not isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
            for name in changed_names(statement):
                self.names[name] = self._made(statement, statement)

    def _assign(self, target: ast.expr, marks: Marks) -> None:
        path = key_path(target)
        if path is not None:
            name, step = path
            self.names[name] = _with(self.names.get(name, {}), step, marks)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for index, item in enumerate(target.elts):
                self._assign(item, _below(marks, f'[{index}]') or self._made(target))
        else:
            for name in changed_names(target):
                self.names[name] = self._made(target)

    def _value(self, node: ast.expr) -> Marks:
        if isinstance(node, ast.Dict):
            merged = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
            return self._dict(zip(node.keys, node.values, strict=True)) | self._made(node, *merged)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict':
            keywords = [(ast.Constant(one.arg) if one.arg else None, one.value) for one in node.keywords]
            items = [*((None, item) for item in node.args), *keywords]
            return self._dict(items) | self._made(node, *(value for key, value in items if key is None))
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._list(node.elts) | self._made(
                node, *(item for item in node.elts if isinstance(item, ast.Starred))
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._list([ast.Starred(node.left), ast.Starred(node.right)]) | self._made(node, node)
        return self._reference(node) or self._made(node, node)

    def _dict(self, items: Iterable[tuple[ast.expr | None, ast.expr]]) -> Marks:
        marks: Marks = {}
        for key, value in items:
            if key is None:
                marks |= self._value(value)
            elif isinstance(key, ast.Constant):
                marks = _with(marks, f'.{key.value!s}', self._value(value))
        return marks

    def _list(self, items: list[ast.expr]) -> Marks:
        marks: Marks = {}
        length = 0
        for item in items:
            if not isinstance(item, ast.Starred):
                marks |= _moved(self._value(item), f'[{length}]')
                length += 1
                continue
            inner = self._value(item.value)
            if '[0]' not in inner and not (isinstance(item.value, (ast.List, ast.Tuple)) and not item.value.elts):
                return marks  # of unknown length: nothing is known of what follows
            count = 0
            while f'[{count}]' in inner:
                marks |= _moved(_below(inner, f'[{count}]'), f'[{length + count}]')
                count += 1
            length += count
        return marks

    def _reference(self, node: ast.expr) -> Marks:
        path = key_path(node)
        if path is None:
            return {}
        name, step = path
        if name == BASE:
            return _below(self.base, step.removeprefix('.'))
        return _below(self.names.get(name, {}), step)

    def _made(self, node: ast.AST, *parts: ast.AST) -> Marks:
        """Mark what ``node`` makes, some of it from what ``parts`` of it read."""
        uses = frozenset(name.removeprefix(f'{BASE}.') for part in parts for name in names_read(part))
        return {'': Origin(self.source, getattr(node, 'lineno', None), uses)}


def names_read(node: ast.AST) -> Iterator[str]:
    """Names that a file, or a part of it, reads; those of its bases as ``_base_.name``."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, (ast.Attribute, ast.Subscript)) and (path := key_path(part)) and path[0] == BASE:
            yield BASE + path[1]


def key_path(node: ast.expr) -> tuple[str, str] | None:
    """Split ``a['b'].c[0]`` into ``('a', '.b.c[0]')``; None for what is no chain of constant keys from a name."""
    if isinstance(node, ast.Name):
        return node.id, ''
    if isinstance(node, ast.Attribute):
        step = f'.{node.attr}'
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        key = node.slice.value
        step = f'[{key}]' if isinstance(key, int) else f'.{key!s}'
    else:
        return None
    parent = key_path(node.value)
    return parent and (parent[0], parent[1] + step)


def changed_names(node: ast.AST) -> set[str]:
    """Names that a statement may change: those it stores into, or calls a method of."""
    changed = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            target: ast.expr = part.func.value
        elif isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(part.ctx, ast.Load):
            target = part.value
        else:
            continue
        while isinstance(target, (ast.Subscript, ast.Attribute)):
            target = target.value
        if isinstance(target, ast.Name):
            changed.add(target.id)
    return changed - {BASE}


def _inside(key: str, step: str) -> bool:
    return key.startswith(step) and key[len(step) :][:1] in ('.', '[')


def _below(marks: Mapping[str, Origin], step: str) -> Marks:
    return {key[len(step) :]: origin for key, origin in marks.items() if key == step or _inside(key, step)}


def _with(marks: Mapping[str, Origin], step: str, new: Marks) -> Marks:
    """Put ``new`` in the place of what was at ``step``."""
    kept = {key: origin for key, origin in marks.items() if key != step and not _inside(key, step)}
    return kept | _moved(new, step)


def _moved(marks: Mapping[str, Origin], step: str) -> Marks:
    return {step + key: origin for key, origin in marks.items()}
