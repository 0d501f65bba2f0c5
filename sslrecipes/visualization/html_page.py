"""A page of pictures in one HTML file: nothing is loaded from elsewhere, no script runs, phones can read it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sslrecipes.checkpoint.files.writing import write_atomic

_SMALL = 160  # narrower pictures are magnified, with sharp pixels
_MAGNIFIED = 320
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }}
body {{ max-width: 1280px; margin: 0 auto; padding: 0.5rem 1rem 2rem; }}
h1 {{ font-size: 1.5rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0; }}
dt {{ font-weight: 600; }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
.row {{ display: flex; flex-wrap: wrap; gap: 0.75rem; }}
figure {{ flex: 1 1 150px; margin: 0; }}
img {{ display: block; width: 100%; height: auto; }}
img.small {{ image-rendering: pixelated; }}
figcaption {{ margin-top: 0.25rem; font-size: 0.9rem; overflow-wrap: anywhere; }}
@media (max-width: 40rem) {{
  dl {{ grid-template-columns: 1fr; gap: 0; }}
  dd {{ margin-bottom: 0.5rem; }}
}}
</style>
</head>
<body>
<h1>{title}</h1>
<dl>
{facts}
</dl>
{rows}
</body>
</html>
"""


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
    return write_atomic(path, lambda file: file.write_text(text, encoding='utf-8', errors='backslashreplace'))


def html_page(title: str, facts: Mapping[str, str], figures: Sequence[Figure]) -> str:
    """Lay out figures in rows below a heading and a table of facts. Texts are plain; the page escapes them.

    Args:
        title: Heading of the page.
        facts: What the pictures were made with: name and value.
        figures: In order; those of a row that don't fit a narrow screen go on below.

    Returns:
        The HTML document, with the pictures inside as PNG.
    """
    return _PAGE.format(
        title=escape(title),
        facts='\n'.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in facts.items()),
        rows='\n'.join(map(_row, _rows(figures))),
    )


def _rows(figures: Iterable[Figure]) -> list[list[Figure]]:
    rows: list[list[Figure]] = []
    for figure in figures:
        if figure.heading or not rows:
            rows.append([])
        rows[-1].append(figure)
    return rows


def _row(figures: Sequence[Figure]) -> str:
    heading = figures[0].heading
    shown = f'<h2>{escape(heading)}</h2>\n' if heading else ''
    inside = '\n'.join(_figure(figure, heading) for figure in figures)
    return f'<section>\n{shown}<div class="row">\n{inside}\n</div>\n</section>'


def _figure(figure: Figure, heading: str) -> str:
    height, width = figure.picture.shape[:2]
    look = 'class="small" ' if width < _SMALL else ''
    alt = ': '.join(filter(None, (heading, figure.caption)))
    return (
        f'<figure style="max-width: {max(width, _MAGNIFIED)}px"><img {look}width="{width}" height="{height}" '
        f'alt="{escape(alt)}" src="data:image/png;base64,{_png(figure.picture)}">'
        f'<figcaption>{escape(figure.caption)}</figcaption></figure>'
    )


def _png(picture: NDArray[np.uint8]) -> str:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format='PNG')
    return base64.b64encode(buffer.getvalue()).decode('ascii')
