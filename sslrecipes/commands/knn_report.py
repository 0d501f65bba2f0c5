"""k-NN accuracies of checkpoints as CSV, table and curve."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from sslrecipes.checkpoint.files.store import position_of
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.commands.untrained_row import UNTRAINED
from sslrecipes.evaluation.chance import in_words
from sslrecipes.visualization.figure_files import save_figure
from sslrecipes.visualization.labels import plain_label
from sslrecipes.visualization.tables import number, print_table


class KNNRow(NamedTuple):
    """Accuracies in % of a checkpoint for one k; ``balanced`` over the classes."""

    checkpoint: str
    k: int
    top1: float
    top5: float
    balanced: float

    def cells(self) -> list[str]:
        """The row as text."""
        return [self.checkpoint, str(self.k), *(number(value, 2) for value in self[2:])]


def rows_of(checkpoint: str, ks: Iterable[int], metrics: Mapping[str, float]) -> list[KNNRow]:
    """Rows of a checkpoint from what a ``KNNLoop`` reports."""
    return [KNNRow(checkpoint, k, *(metrics[f'knn/{name}_k{k}'] for name in KNNRow._fields[2:])) for k in ks]


def write_csv(path: Path, rows: Sequence[KNNRow]) -> None:
    """Write all rows atomically."""

    def write(file: Path) -> None:
        with file.open('w', newline='', encoding='utf-8', errors='surrogateescape') as stream:
            csv.writer(stream).writerows([KNNRow._fields, *rows])

    write_atomic(path, write)


def print_accuracies(console: Console, rows: Sequence[KNNRow], images: int) -> None:
    """Print a table; where there are rows of the untrained network, with what top-1 of ``images`` gains on it."""
    columns = ['checkpoint', 'k', 'top-1', 'top-5', 'balanced']
    baseline = {row.k: row.top1 for row in rows if row.checkpoint == UNTRAINED}
    cells = [row.cells() for row in rows]
    if baseline:
        columns.append('top-1 against untrained')
        for row, line in zip(rows, cells, strict=True):
            difference = f'{row.top1 - baseline[row.k]:+.2f}, {in_words(row.top1, baseline[row.k], images)}'
            line.append('' if row.checkpoint == UNTRAINED else difference)
    print_table(console, f'k-NN accuracy, % of {images:,} images', columns, cells)


def draw_curve(path: Path, rows: Sequence[KNNRow]) -> None:
    """Draw top-1 of several checkpoints, a line for each k, and dotted that of the untrained network.

    Against the epoch (the iteration, in runs without epochs) if all names tell it, else in the given order.
    """
    from matplotlib.figure import Figure  # imported here because it is slow to load

    names = list(dict.fromkeys(row.checkpoint for row in rows if row.checkpoint != UNTRAINED))
    unit, steps = _steps(names)
    figure = Figure(figsize=(7.2, 4.4), dpi=110, layout='constrained')
    axes = figure.add_subplot()
    for k in sorted({row.k for row in rows}):
        accuracies = {row.checkpoint: row.top1 for row in rows if row.k == k}
        points = sorted((step, accuracies[name]) for step, name in zip(steps, names, strict=True))
        (line,) = axes.plot(*zip(*points, strict=True), marker='.', label=f'k = {k}')
        if UNTRAINED in accuracies:
            axes.axhline(accuracies[UNTRAINED], color=line.get_color(), linestyle=':', label=f'k = {k}, untrained')
    if unit == 'checkpoint':
        axes.set_xticks(steps, [plain_label(Path(name).stem) for name in names], rotation=30, ha='right')
    axes.set_xlabel(unit)
    axes.set_ylabel('k-NN top-1, %')
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)


def _steps(names: Sequence[str]) -> tuple[str, list[int]]:
    """What to draw checkpoints against, and its value for each."""
    positions = [position for name in names if (position := position_of(Path(name)))]
    for unit, values in zip(('epoch', 'iteration'), zip(*positions, strict=True), strict=bool(positions)):
        if len({*values}) == len(names):
            return unit, list(values)
    return 'checkpoint', list(range(len(names)))
