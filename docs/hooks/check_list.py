"""The page of what is checked when, from the docstrings of the checks and of the components."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from definitions import Definition, definitions

#: When, and the modules whose checks are made then.
MOMENTS = {
    'When a config is read': ['sslrecipes/config/**/*.py', 'sslrecipes/paths/**/*.py'],
    'Before anything is built': ['sslrecipes/commands/**/*.py', 'sslrecipes/datasets/**/*.py'],
    'When training or an evaluation begins': ['sslrecipes/engine/**/*.py', 'sslrecipes/evaluation/**/*.py'],
    'When a checkpoint or another sealed file is read, and when weights are loaded': [
        'sslrecipes/checkpoint/**/*.py',
        'sslrecipes/transfer/**/*.py',
    ],
    'When a tool draws or exports': ['sslrecipes/visualization/**/*.py', 'sslrecipes/export/**/*.py'],
}
_VERBS = ('check_', 'refuse_', 'require_')


def check_list(root: Path) -> str:
    """Tables of the functions that check, by the moment at which they do, and of what components refuse."""
    tables = []
    for moment, patterns in MOMENTS.items():
        checks = [found for found in definitions(root, patterns) if _is_check(found)]
        rows = [f'| {check.summary} | {" ".join(check.errors) or "otherwise"} |' for check in checks]
        tables.append(_table(moment, 'check', rows))
    found = [part for part in definitions(root, ['sslrecipes/**/*.py']) if part.is_registered() and part.errors]
    rows = [f'| `{part.name}` | {" ".join(part.errors)} |' for part in sorted(found, key=lambda part: part.name)]
    return '\n\n'.join([*tables, _table('By the components', 'component', rows)])


def _is_check(found: Definition) -> bool:
    """Whether a function raises errors, or yields objections to a config."""
    raises = found.name.startswith(_VERBS) and bool(found.errors)
    return raises or 'Objection' in found.returns


def _table(title: str, first: str, rows: Sequence[str]) -> str:
    return '\n'.join([f'## {title}', '', f'| {first} | refused |', '| --- | --- |', *rows])
