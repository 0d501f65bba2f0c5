"""Loss and evaluation curves from the ``scalars.json`` files of one or several runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslrecipes.errors import DataError, did_you_mean
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.visualization.figure_files import save_figure
from sslrecipes.visualization.labels import plain_label

_AXES = ('epoch', 'iter', 'step')
_WINDOW = 15
_MAX_COLUMNS = 3


@dataclass
class Curve:
    """One scalar over training: ``values[i]`` was logged at ``steps[i]``, counted in ``unit``."""

    unit: str
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def log(self, step: int, value: float) -> None:
        """Append a point; one at an earlier step means that the run was resumed there, so what followed is dropped."""
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.values.pop()
        self.steps.append(step)
        self.values.append(value)


def read_scalars(path: str | Path) -> dict[str, Curve]:
    """Read what MMEngine's ``LocalVisBackend`` logged.

    Args:
        path: A ``scalars.json`` file (one JSON object per line), or a work directory: then every
            ``*/vis_data/scalars.json`` below it is read in the order of the start times, as one resumed run.

    Returns:
        A curve per scalar, in order of first appearance.

    Raises:
        DataError: If there is no such file or a line other than a file's last one is no record of scalars.
    """
    curves: dict[str, Curve] = {}
    for record in read_records(path):
        unit = 'iteration' if 'iter' in record else 'epoch'
        for key, value in record.items():
            if key not in _AXES and isinstance(value, (int, float)):
                curve = curves.setdefault(key, Curve(unit))
                if curve.unit == unit:  # `time` is logged per iteration in training and per epoch in validation
                    curve.log(record['step'], float(value))
    return curves


def read_records(path: str | Path) -> Iterator[dict[str, Any]]:
    """Read the lines of what :func:`read_scalars` reads, each with its ``step``, as they were logged.

    Raises:
        DataError: Likewise.
    """
    path = Path(path)
    files = sorted(path.glob('*/vis_data/scalars.json')) if path.is_dir() else [path]
    if not files or not all(map(Path.is_file, files)):
        raise DataError(
            f'no logged scalars at "{path}": give a scalars.json file or a work directory that has been run'
        )
    return (record for file in files for record in _records(file))


def _records(file: Path) -> Iterator[dict[str, Any]]:
    lines = file.read_bytes().splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            if type(record['step']) is not int:
                raise TypeError('a step is a number')
        except (ValueError, TypeError, KeyError, RecursionError) as error:  # also of the encoding
            if number < len(lines):
                raise DataError(f'line {number} of "{file}" is no record of scalars: {error}') from error
            # a run killed while writing leaves half a line at the end
        else:
            yield record


def smoothed(values: Sequence[float] | NDArray[np.float64], window: int = _WINDOW) -> NDArray[np.float64]:
    """Return the mean of each value and its neighbours, ``window`` in all, fewer at the ends; it has no lag."""
    ones = np.ones(window)
    return np.convolve(values, ones, 'same') / np.convolve(np.ones(len(values)), ones, 'same')


def smoothing_window(count: int) -> int:
    """Return how many of ``count`` values to average for a curve; 0 if too few are there to smooth any."""
    window = min(_WINDOW, count // 20)  # of a short run a wide window would hide the start
    return window if window >= 3 else 0


def plot_curves(runs: Mapping[str, str | Path], out: str | Path, keys: Sequence[str] | None = None) -> Path:
    """Draw one panel per scalar with a line per run: raw values thin, smoothed ones bold.

    Args:
        runs: Name and ``scalars.json`` or work directory (see :func:`read_scalars`) of each run.
        out: The PNG to write; its directory is made.
        keys: Scalars to draw. By default the loss and, where logged, every k-NN accuracy.

    Returns:
        ``out``.

    Raises:
        DataError: If a run cannot be read or no run logged one of ``keys``.
        StorageError: If ``out`` is one of ``runs``.
    """
    refuse_overwriting(runs.values(), out)
    curves = {name: read_scalars(path) for name, path in runs.items()}
    logged = list(dict.fromkeys(key for run in curves.values() for key in run))
    keys = list(keys or ['loss', *(key for key in logged if 'knn' in key.lower())])
    for key in keys:
        if key not in logged:
            raise DataError(f'no run logged "{key}".{did_you_mean(key, logged)} Logged are: {", ".join(logged)}')

    from matplotlib.figure import Figure  # imported here because it is slow to load

    columns = min(len(keys), _MAX_COLUMNS)
    rows = -(-len(keys) // columns)
    figure = Figure(figsize=(6.4 * columns, 4.2 * rows), dpi=110, layout='constrained')
    for position, key in enumerate(keys, start=1):
        axes = figure.add_subplot(rows, columns, position)
        for index, (name, run) in enumerate(curves.items()):
            if key in run:
                _draw(axes, run[key], plain_label(name), f'C{index}')
        axes.set_ylabel(key)
        axes.grid(alpha=0.3)
        axes.legend()
    return save_figure(figure, out)


def _draw(axes: Any, curve: Curve, name: str, colour: str) -> None:
    axes.set_xlabel(curve.unit)
    window = smoothing_window(len(curve.steps))
    if not window:
        axes.plot(curve.steps, curve.values, color=colour, marker='.', label=name)
        return
    axes.plot(curve.steps, curve.values, color=colour, alpha=0.3, linewidth=0.8)
    axes.plot(curve.steps, smoothed(curve.values, window), color=colour, linewidth=1.8, label=f'{name} (smoothed)')
