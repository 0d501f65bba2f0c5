"""The page of what is checked when, from the docstrings of the checks and of the components."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from definitions import definitions

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
        checks = [check for check in definitions(root, patterns) if check.name.startswith(_VERBS)]
        rows = [f'| {check.summary} | {" ".join(check.errors)} |' for check in checks if check.errors]
        tables += [_table(moment, 'check', rows)] if rows else []
    found = [part for part in definitions(root, ['sslrecipes/**/*.py']) if part.is_registered() and part.errors]
    rows = [f'| `{part.name}` | {" ".join(part.errors)} |' for part in sorted(found, key=lambda part: part.name)]
    return '\n\n'.join([*tables, _table('By the components', 'component', rows)])


def _table(title: str, first: str, rows: Sequence[str]) -> str:
    return '\n'.join([f'## {title}', '', f'| {first} | refused |', '| --- | --- |', *rows])
