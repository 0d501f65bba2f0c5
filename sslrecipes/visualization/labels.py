"""Names of files and classes as labels of a figure or texts of a page."""

from __future__ import annotations

import re
from unicodedata import normalize

from sslrecipes.paths.user_paths import printable

#: Halves of characters, controls but for tab and line feed, marks that turn the order of the letters around them.
_UNSEEN = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]')


def visible_text(text: str) -> str:
    r"""Show in a text of a page what has no look of its own, or changes that of others, as ``\udce9`` or ``\u202e``."""
    return _UNSEEN.sub(lambda found: found[0].encode('unicode_escape').decode('ascii'), text)


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
