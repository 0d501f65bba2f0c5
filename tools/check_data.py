"""Look at every image of a folder before a training does: bad, tiny and double images, classes, sizes, decode rate.

python tools/check_data.py data/imagenet --workers 16 --out bad_images.txt

Subfolders stand for classes, "train" and "val" for splits. Exit code: 0 nothing wrong, 1 bad, tiny or double images or
empty classes, 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sslrecipes.datasets.images.decoding import MAX_PIXELS
from sslrecipes.datasets.images.scan import list_images, scan_files
from sslrecipes.datasets.images.scan_report import ScanReport
from sslrecipes.errors import ConfigError, StorageError, counted, exit_on_user_error
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.paths.user_paths import one_line, user_file
from sslrecipes.visualization.progress_line import ProgressLine, terminal_console

SECONDS_BETWEEN_LINES = 10


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=user_file)
    cores = len(os.sched_getaffinity(0))
    parser.add_argument('--workers', type=int, default=cores, help='processes (default: cores, here %(default)s)')
    parser.add_argument('--min-side', type=int, default=32, help='shorter images are tiny (default: %(default)s)')
    parser.add_argument('--max-pixels', type=int, default=MAX_PIXELS, help='larger images are bad: %(default)s')
    parser.add_argument(
        '--out', type=user_file, help='write .json: everything; else: a line "path TAB reason" per file'
    )
    args = parser.parse_args(argv)
    if args.workers < 1:
        raise ConfigError(f'--workers must be at least 1, not {args.workers}.')
    if args.out and not args.out.absolute().parent.is_dir():
        raise StorageError(f'The folder of --out "{args.out}" does not exist.')
    return args


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


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Scan a folder and print what was found."""
    args = parse_args(argv)
    listing = list_images(args.folder)
    if args.out:
        refuse_overwriting((listing.folder / path for path in listing.paths), args.out)
    report = ScanReport(listing, args.min_side)
    show, start = progress(len(listing.paths)), time.monotonic()
    for facts in scan_files(listing.folder, listing.paths, args.workers, args.max_pixels):
        report.add(facts)
        show(report.done)
    rate = report.done / (time.monotonic() - start)
    console = Console(width=None if sys.stdout.isatty() else 120)
    for table in tables(report):
        console.print(table)
    console.print(
        f'{counted(report.done, "image")}, {counted(listing.others, "other file")}. '
        f'Reading and decoding: {report.decode_rate:.0f} images/s '
        f'per process; this scan: {rate:.0f} images/s with {args.workers}.'
    )
    for link in listing.links:
        console.print(f'Left out, because its folder is visited anyway: the link {link}.', markup=False)
    if args.out:
        write(report, args.out)
        console.print(f'Wrote {args.out}.', markup=False)
    sys.exit(1 if report.has_problems else 0)


if __name__ == '__main__':
    main()
