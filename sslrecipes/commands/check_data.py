"""Every image of a folder, looked at before a training does: what ``tools/check_data.py`` does."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sslrecipes.datasets.images.decoding import MAX_PIXELS
from sslrecipes.datasets.images.scan import list_images, scan_files
from sslrecipes.datasets.images.scan_report import ScanReport
from sslrecipes.errors import ConfigError, StorageError, counted
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.paths.user_paths import one_line
from sslrecipes.visualization.progress_line import ProgressLine, terminal_console

SECONDS_BETWEEN_LINES = 10


def check_data(
    folder: Path, workers: int, min_side: int = 32, max_pixels: int | None = None, out: Path | None = None
) -> bool:
    """Scan a folder and print what was found.

    Args:
        folder: Its subfolders stand for classes, ``train`` and ``val`` for splits.
        workers: Processes.
        min_side: Images with a shorter side are tiny.
        max_pixels: Larger images are bad; by default those that a training refuses.
        out: File for the report: ``.json``, or a line per bad file.

    Returns:
        Whether nothing is wrong.

    Raises:
        UserError: An argument can't be meant, there is no image, or ``out`` can't be written.
    """
    if workers < 1:
        raise ConfigError(f'--workers must be at least 1, not {workers}.')
    if out and not out.absolute().parent.is_dir():
        raise StorageError(f'The folder of --out "{out}" does not exist.')
    listing = list_images(folder)
    if out:
        refuse_overwriting((listing.folder / path for path in listing.paths), out)
    report = ScanReport(listing, min_side)
    show, start = progress(len(listing.paths)), time.monotonic()
    for facts in scan_files(listing.folder, listing.paths, workers, MAX_PIXELS if max_pixels is None else max_pixels):
        report.add(facts)
        show(report.done)
    speed = f'{report.done / (time.monotonic() - start):.0f} images/s with {workers}'
    console = Console(width=None if sys.stdout.isatty() else 120)
    print_scan(report, speed, console)
    if out:
        write(report, out)
        console.print(f'Wrote {out}.', markup=False)
    return not report.has_problems


def print_scan(report: ScanReport, speed: str, console: Console) -> None:
    """Print the tables, and what is in none of them."""
    for table in tables(report):
        console.print(table)
    console.print(
        f'{counted(report.done, "image")}, {counted(report.listing.others, "other file")}. '
        f'Reading and decoding: {report.decode_rate:.0f} images/s per process; this scan: {speed}.'
    )
    for link in report.listing.links:
        console.print(f'Left out, because its folder is visited anyway: the link {link}.', markup=False)


def progress(total: int) -> Callable[[int], None]:
    """Return a function that shows how many files are done: a live line on a terminal, else a line now and then."""
    start = last = time.monotonic()

    def figures(done: int) -> str:
        rate = done / max(time.monotonic() - start, 1e-9)
        return f'{rate:.0f} files/s  {(total - done) / rate / 60:.0f} min left'

    console = terminal_console()
    if console:
        line = ProgressLine(console, logging.getLogger(__name__))
        line.start()
        line.begin('scan', 'scan', total)

    def show(done: int) -> None:
        nonlocal last
        if console:
            line.advance('scan', done, lambda: figures(done))
            if done == total:
                line.stop()
        elif time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f'{done} of {total} files  {figures(done)}', file=sys.stderr, flush=True)

    return show


def tables(report: ScanReport) -> Iterator[Table]:
    """Lay the report out for reading."""
    sides = [(side, *quantiles) for side, quantiles in report.side_quantiles().items()]
    traits = [(trait, count, report.examples[trait]) for trait, count in report.traits.most_common()]
    contents: dict[tuple[str, ...], Iterable[tuple[object, ...]]] = {
        ('split', 'images', 'classes', 'images per class'): report.class_sizes(),
        ('pixels', 'least', '5 %', 'median', '95 %', 'largest'): sides,
        ('note', 'images', 'for example'): traits,
        ('problem', 'found', 'for example'): report.problems(),
    }
    for header, rows in contents.items():
        table = Table(*header)
        for row in rows:
            table.add_row(*(escape(str(cell)) for cell in row))
        if table.row_count:
            yield table


def write(report: ScanReport, path: Path) -> None:
    """Write the report as JSON, or its list of files as text."""
    if path.suffix == '.json':
        text = json.dumps(report.as_dict(), indent=1)
    else:
        text = ''.join(f'{one_line(file)}\t{one_line(reason)}\n' for file, reason in report.problem_files())
    try:
        path.write_text(text, encoding='utf-8', errors='surrogateescape')
    except OSError as error:
        raise StorageError(f'Cannot write "{path}": {error.strerror}.') from error
