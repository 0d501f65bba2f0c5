"""A page of pictures in one HTML file: nothing is loaded from elsewhere, no script runs, phones can read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.visualization.embedding import embedded_pixels
from sslrecipes.visualization.page_templates import render


@dataclass(frozen=True)
class Figure:
    """A picture with its caption.

    Attributes:
        picture: uint8 RGB ``(H, W, 3)``.
        caption: Text below the picture, and its alternative text.
        heading: Begins a new row of figures with this heading; without one, the figure follows the last in its row.
    """

    picture: NDArray[np.uint8]
    caption: str
    heading: str = ''


def write_page(path: str | Path, title: str, facts: Mapping[str, str], figures: Sequence[Figure]) -> Path:
    """Write :func:`html_page` to a file, whole or not at all.

    Returns:
        ``path``.

    Raises:
        StorageError: The file can't be written.
    """
    text = html_page(title, facts, figures)
    return write_atomic(path, lambda file: file.write_text(text, encoding='utf-8'))


def html_page(title: str, facts: Mapping[str, str], figures: Sequence[Figure]) -> str:
    """Lay out figures in rows below a heading and a table of facts. Texts are plain; the page escapes them.

    Args:
        title: Heading of the page.
        facts: What the pictures were made with: name and value.
        figures: In order; those of a row that don't fit a narrow screen go on below.

    Returns:
        The HTML document, with the pictures inside as PNG.
    """
    return render('pictures.html', title=title, facts=facts, rows=_rows(figures), embedded=embedded_pixels)


def _rows(figures: Iterable[Figure]) -> list[list[Figure]]:
    rows: list[list[Figure]] = []
    for figure in figures:
        if figure.heading or not rows:
            rows.append([])
        rows[-1].append(figure)
    return rows
