"""A report as files to read: a page for a browser and a text in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.errors import DataError
from sslrecipes.reports.cells import shown_table
from sslrecipes.reports.charts import BOX, HEIGHT, WIDTH, draw_charts
from sslrecipes.reports.contents import Picture, Report
from sslrecipes.reports.markdown import markdown_report
from sslrecipes.reports.verdicts import CLAIM_WORDS, WORDS
from sslrecipes.visualization.embedding import Embedded, embedded_file
from sslrecipes.visualization.page_templates import render

PAGE = 'report.html'
TEXT = 'report.md'
_TEMPLATES = Path(__file__).parent / 'templates'


@dataclass(frozen=True)
class _ShownPicture:
    """A picture of a report; ``image`` is None if the file can't be shown, for the reason of ``lack``."""

    title: str
    caption: str
    image: Embedded | None
    lack: str = ''


def write_report(report: Report, folder: str | Path, keep_other: bool = True) -> list[Path]:
    """Write ``report.html`` and ``report.md``, each whole or not at all.

    Args:
        report: What they say.
        folder: Where they are written; it is made.
        keep_other: Keep others that are there as ``*.superseded``.

    Returns:
        The two files.

    Raises:
        StorageError: One can't be written.
    """
    texts = {PAGE: report_page(report), TEXT: markdown_report(report, Path(folder))}
    return [_write(Path(folder) / name, text, keep_other) for name, text in texts.items()]


def report_page(report: Report) -> str:
    """Lay out a report as an HTML document that needs nothing beside it; the same report gives the same bytes."""
    charts = draw_charts(report.charts, [run.name for run in report.runs])
    return render(
        'report.html',
        _TEMPLATES,
        title=report.title,
        report=report,
        words=WORDS,
        claim_words=CLAIM_WORDS,
        tables=list(map(shown_table, report.tables)),
        charts=charts,
        chart_size=(WIDTH, HEIGHT),
        chart_box=BOX,
        pictures=list(map(_shown_picture, report.pictures)),
    )


def _write(path: Path, text: str, keep_other: bool) -> Path:
    return write_atomic(path, lambda file: file.write_text(text, encoding='utf-8'), keep_other)


def _shown_picture(picture: Picture) -> _ShownPicture:
    """Take a picture in; one that is missing is said, since the rest of the report is worth reading without it."""
    try:
        return _ShownPicture(picture.title, picture.caption, embedded_file(picture.file))
    except DataError as error:
        return _ShownPicture(picture.title, picture.caption, None, str(error))
