"""Names of files and classes as labels of a figure."""

from __future__ import annotations

from sslrecipes.zoo.user_paths import printable


def plain_label(name: str) -> str:
    """Let matplotlib show a name as it is: ``$`` begins no formula, and what can't be encoded is escaped."""
    return printable(name).replace('$', r'\$')
