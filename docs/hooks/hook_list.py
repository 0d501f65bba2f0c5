"""The page of hooks, from their docstrings."""

from __future__ import annotations

from pathlib import Path

from definitions import Definition, definitions
from docstrings import as_markdown


def hook_list(root: Path) -> str:
    """A section for each hook of this package."""
    found = definitions(root, ['sslrecipes/engine/hooks/**/*.py'])
    return '\n\n'.join(_section(hook) for hook in found if hook.is_registered())


def _section(hook: Definition) -> str:
    defaults = hook.defaults()
    rows = [f'| `{name}` | {_default(defaults.get(name))} | {text} |' for name, text in hook.arguments]
    table = '\n'.join(['| argument | default | |', '| --- | --- | --- |', *rows]) if rows else ''
    raises = f'Refused: {" ".join(hook.errors)}' if hook.errors else ''
    return '\n\n'.join(filter(None, [f'## {hook.name}', as_markdown(hook.text), table, raises]))


def _default(value: str | None) -> str:
    return 'needed' if value is None else f'`{value}`'
