"""DINO, SwAV and MoCo with one small ResNet, side by side on small data: what ``tools/compare_methods.py`` does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from sslrecipes.commands.quickstart import EvaluatedNetwork, evaluate, pretrain, write_results
from sslrecipes.visualization.curves import plot_curves, read_scalars
from sslrecipes.visualization.tables import markdown_table, number, print_table

METHODS = {
    'DINO baseline': 'dino-baseline',
    'DINO sslight': 'dino-sslight',
    'SwAV baseline': 'swav-baseline',
    'MoCo baseline': 'moco-baseline',
}
DATA = ('photo-tiles', 'fashion-mnist')
RECIPE = '{method}_resnet-nano_1xb128-coslr-10e_{data}-32px.py'
FEATURES = 'resnet-nano_knn-linear_{data}-32px.py'
#: Logged after each epoch: accuracy of the joint probe, and of the k-NN monitor.
PROBE, MONITOR = 'accuracy/top1', 'knn/top1'
COLUMNS = ('method', 'k-NN top-1', 'balanced', 'linear top-1', 'balanced', 'joint probe', 'k-NN monitor', 'seconds')
console = Console()


@dataclass(frozen=True)
class Row:
    """A line of the table: accuracies in % on validation images.

    Attributes:
        method: Name.
        knn: k-NN (k=20) of frozen features, top-1 and balanced over the classes.
        linear: Linear probe of frozen features, top-1 and balanced; the best of several learning rates.
        probe: Joint probe after the last epoch.
        monitor: k-NN of the validation images among themselves after the last epoch.
        seconds: Of the training, validation included.
    """

    method: str
    knn: tuple[float, float]
    linear: tuple[float, float]
    probe: float | None = None
    monitor: float | None = None
    seconds: float | None = None

    def cells(self) -> list[str]:
        """The line as text."""
        accuracies = [*self.knn, *self.linear, self.probe, self.monitor]
        return [self.method, *map(number, accuracies), number(self.seconds, 0)]


def run(folder: Path, data: Sequence[str] = DATA, epochs: int | None = None) -> dict[str, list[Row]]:
    """Train and evaluate every method on every data set, and write ``report.md``, ``results.json`` and the curves.

    Args:
        folder: Where everything goes.
        data: Some of :data:`DATA`.
        epochs: Shorter or longer training than the recipes'.

    Returns:
        The rows of each data set.
    """
    start = time.monotonic()
    tables = {}
    for name in data:
        tables[name] = compare(folder / name, name, epochs)
        print_table(console, f'{name}, %', COLUMNS, [row.cells() for row in tables[name]])
        write_report(folder, tables, time.monotonic() - start)
    return tables


def compare(folder: Path, data: str, epochs: int | None) -> list[Row]:
    """Make the table of one data set, and draw what was logged each epoch."""
    rows = [row_of(EvaluatedNetwork('random'), folder, data)]
    for name, method in METHODS.items():
        console.rule(f'{name} on {data}')
        network = pretrain(name, RECIPE.format(method=method, data=data), folder / method, epochs)
        rows.append(row_of(network, folder, data))
    runs = {name: folder / method for name, method in METHODS.items()}
    plot_curves(runs, folder / 'curves.png', keys=(PROBE, MONITOR))
    return rows


def row_of(network: EvaluatedNetwork, folder: Path, data: str) -> Row:
    """Evaluate a network."""
    scores = evaluate(network, folder / 'evaluation' / network.name.replace(' ', '-'), FEATURES.format(data=data))
    knn, linear = (scores.knn_top1, scores.knn_balanced), (scores.linear_top1, scores.linear_balanced)
    if network.checkpoint is None:
        return Row(network.name, knn, linear)
    logged = read_scalars(network.checkpoint.parent)
    return Row(network.name, knn, linear, logged[PROBE].values[-1], logged[MONITOR].values[-1], network.seconds)


def write_report(folder: Path, tables: dict[str, list[Row]], seconds: float) -> None:
    """Write all tables as Markdown and JSON; the first one keeps what an earlier call has written."""
    lines = [f'# Methods side by side\n\n{seconds / 60:.1f} minutes. One run each, one seed.']
    for data, rows in tables.items():
        lines += [f'\n## {data}\n', markdown_table(COLUMNS, [row.cells() for row in rows])]
    results = {data: [asdict(row) for row in rows] for data, rows in tables.items()}
    told = {'seconds': seconds, 'results': results}
    write_results(folder, '\n'.join(lines) + '\n', told, keep_other=len(tables) == 1)
