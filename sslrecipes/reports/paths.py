"""Lines of a chart as paths of an SVG: what was logged, smoothed, with gaps, and with as few points as can be seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslrecipes.reports.axes import Axis, is_finite
from sslrecipes.reports.contents import Line
from sslrecipes.visualization.curves import smoothed, smoothing_window

#: Points of a path: more couldn't be told apart; of a line with at most the second, each gets a dot.
_MOST_POINTS = 240
_DOTTED = 40
#: Share of points at which a noisy line turns.
_TURNS = 0.1

Floats = NDArray[np.float64]
#: Steps and values, or places of both.
Piece = tuple[Floats, Floats]


@dataclass(frozen=True)
class Paths:
    """A line.

    Attributes:
        bold: Path of the curve.
        thin: Path of what was logged, if the curve is smoothed.
        dots: Path of the single points, if there are few.
    """

    bold: str
    thin: str = ''
    dots: str = ''


def finite_pieces(line: Line) -> list[Piece]:
    """Cut a line at values that aren't finite: (steps, values) of each piece."""
    steps, values, good = np.asarray(line.steps, float), np.asarray(line.values, float), is_finite(line.values)
    if not good.any():
        return []
    cuts = np.flatnonzero(np.diff(good)) + 1
    indices = [piece for piece in np.split(np.arange(len(values)), cuts) if good[piece[0]]]
    return [(steps[piece], values[piece]) for piece in indices]


def paths_of(pieces: list[Piece], x: Axis, y: Axis) -> Paths:
    """Draw the pieces of a line, smoothed where it is long and noisy."""
    count = sum(len(steps) for steps, _ in pieces)
    window = smoothing_window(count) if any(_is_noisy(values) for _, values in pieces) else 0
    raw = [(x.places(steps), y.places(values)) for steps, values in pieces]
    logged = _path(_spikes(*piece, _share(piece, count)) for piece in raw)
    if not window:
        return Paths(logged, dots=_dots(raw) if count <= _DOTTED else '')
    means = [(steps, smoothed(values, min(window, len(values)))) for steps, values in pieces]
    places = [(x.places(steps), y.places(values)) for steps, values in means]
    return Paths(_path(_thinned(*piece, _share(piece, count)) for piece in places), thin=logged)


def _is_noisy(values: Floats) -> bool:
    """Tell whether values go up and down: averages would only round the corners of a schedule."""
    turns = np.diff(np.sign(np.diff(values))) != 0
    return bool(turns.size and turns.mean() > _TURNS)


def _share(piece: Piece, all_points: int) -> int:
    return max(2, _MOST_POINTS * len(piece[0]) // all_points)


def _spikes(x: Floats, y: Floats, most: int) -> Piece:
    """Keep of each stretch of points the lowest and the highest."""
    if len(x) <= most:
        return x, y
    stretches = np.array_split(np.arange(len(x)), most // 2)
    kept = [index for part in stretches for index in sorted({part[y[part].argmin()], part[y[part].argmax()]})]
    kept = sorted({0, *kept, len(x) - 1})
    return x[kept], y[kept]


def _thinned(x: Floats, y: Floats, most: int) -> Piece:
    """Keep every n-th point."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(most, len(x))).round().astype(int))
    return x[kept], y[kept]


def _path(pieces: Iterable[Piece]) -> str:
    """Write pieces as the path of an SVG; a single point is a line to itself, which round ends make a dot."""
    return ''.join(
        'M' + 'L'.join(_point(*point) for point in zip(*piece, strict=True)) + ('h0' if len(piece[0]) == 1 else '')
        for piece in pieces
    )


def _dots(pieces: list[Piece]) -> str:
    return ''.join(f'M{_point(*point)}h0' for piece in pieces for point in zip(*piece, strict=True))


def _point(x: float, y: float) -> str:
    return f'{x:.1f} {y:.1f}'.replace('.0', '')
