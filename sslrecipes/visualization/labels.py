"""Names of files and classes as labels of a figure."""

from __future__ import annotations

from unicodedata import normalize

from sslrecipes.paths.user_paths import printable


def drawn_label(name: str) -> str:
    """Let a font show a name: letters and their marks become one character where there is one.

    Some systems write file names with separate marks, for which the fonts of figures have no glyph. What can't be
    encoded is escaped.
    """
    return normalize('NFC', printable(name))


def plain_label(name: str) -> str:
    """:func:`drawn_label` for matplotlib: ``$`` begins no formula, and ``_`` takes nothing out of the legend."""
    label = drawn_label(name).replace('$', r'\$')
    return f' {label}' if label.startswith('_') else label
