"""Docstrings as Markdown: Sphinx's roles, which Markdown doesn't know, become code. Also an extension of griffe."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

_ROLE = re.compile(r':(?:class|func|meth|mod|data|attr|exc):`~?([^`]+)`')


def as_markdown(text: str) -> str:
    """Write ``:class:`package.Name``` as the code ``Name``."""
    return _ROLE.sub(lambda found: f'`{found[1].rpartition(".")[2]}`', text)


def as_cell(text: str) -> str:
    """Markdown for a cell of a table: one line, no bars."""
    return ' '.join(as_markdown(text).split()).replace('|', r'\|')


class Roles(Extension):
    """Mend the docstrings of the API pages."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        """Mend the docstring of an object."""
        if obj.docstring:
            text = as_markdown(obj.docstring.value)
            obj.docstring.value = re.sub(r'^Example:$', 'Examples:', text, flags=re.MULTILINE)  # the name griffe knows
