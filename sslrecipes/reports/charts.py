"""Charts as they are drawn: curves of all runs over one another, as SVG that follows the colours of its page.

Written by a template and not by matplotlib: its SVG holds colours that don't turn with the page, a fixed size of
letters that phones can't read, and a style for every element, which the page's policy would have to allow. What a
chart needs of matplotlib is some round numbers at the axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslrecipes.reports.axes import HUGE, Axis, Tick, is_finite, short_number, step_axis, value_axis
from sslrecipes.reports.contents import Chart, Line
from sslrecipes.visualization.curves import smoothed, smoothing_window

#: Size of the picture, and the box inside that the curves fill: left, top, right, bottom.
WIDTH, HEIGHT = 440, 278
BOX = (54, 12, 424, 240)
COLOURS = 6
_DASHES = 3
#: Points of a curve: more couldn't be told apart; of one with fewer than the second, each gets a dot.
_MOST_POINTS = 240
_DOTTED = 40
#: Share of points at which a noisy line turns.
_TURNS = 0.1
_LABEL_HEIGHT = 13
_LABEL_LENGTH = 44

Floats = NDArray[np.float64]
#: Steps and values of the parts of a line between which values aren't finite.
Pieces = list[tuple[Floats, Floats]]


@dataclass(frozen=True)
class Style:
    """Number of a colour, the same in all charts of a page, and of the dashes that tell curves of one colour apart."""

    colour: int
    dash: int


@dataclass(frozen=True)
class DrawnLine:
    """A curve.

    Attributes:
        style: Of its run or group.
        thin: Path of what was logged, if the curve is smoothed.
        bold: Path of the curve.
        dots: Path of the single points, if there are few.
    """

    style: Style
    thin: str
    bold: str
    dots: str


@dataclass(frozen=True)
class LegendEntry:
    """What the lines of a run, or of a group of runs, look like, and where they end."""

    name: str
    style: Style
    last: str


@dataclass(frozen=True)
class DrawnLevel:
    """A horizontal line at ``place`` with a label; ``text`` is the whole of it, with the value."""

    place: float
    label: str
    label_place: float
    text: str


@dataclass(frozen=True)
class DrawnChart:
    """What the template needs of a chart; ``description`` tells it to those who don't see it."""

    chart: Chart
    log: bool
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    lines: Sequence[DrawnLine]
    legend: Sequence[LegendEntry]
    levels: Sequence[DrawnLevel]
    remarks: Sequence[str]
    description: str


def draw_charts(charts: Sequence[Chart], names: Sequence[str] = ()) -> list[DrawnChart]:
    """Lay out charts.

    Args:
        charts: What to draw.
        names: Runs in the order in which they get colours; those of lines that aren't among them follow.
    """
    lines = [line for chart in charts for line in chart.lines]
    of_runs = [_entry(line) for name in names for line in lines if line.name == name]
    order = dict.fromkeys([*of_runs, *map(_entry, lines)])
    styles = {name: Style(index % COLOURS, index // COLOURS % _DASHES) for index, name in enumerate(order)}
    return [_drawn(chart, styles) for chart in charts]


def _entry(line: Line) -> str:
    return line.group or line.name


def _drawn(chart: Chart, styles: Mapping[str, Style]) -> DrawnChart:
    levels = {name: value for name, value in chart.levels.items() if abs(value) < HUGE}
    pieces = [_finite_pieces(line) for line in chart.lines]
    steps = np.concatenate([piece[0] for line in pieces for piece in line] or [np.zeros(1)])
    values = np.concatenate([piece[1] for line in pieces for piece in line] or [np.zeros(1)])
    x = step_axis(steps, BOX[0], BOX[2])
    y = value_axis(np.append(values, list(levels.values())), BOX[3], BOX[1])
    return DrawnChart(
        chart=chart,
        log=y.log,
        x_ticks=x.ticks() if any(pieces) else [],
        y_ticks=y.ticks() if any(pieces) else [],
        lines=[
            _drawn_line(len(line.values), one, styles[_entry(line)], x, y)
            for line, one in zip(chart.lines, pieces, strict=True)
        ],
        legend=_legend(chart, pieces, styles),
        levels=_drawn_levels(levels, y),
        remarks=[*_gaps(chart), *(f'"{name}" is not finite.' for name in chart.levels if name not in levels)],
        description=_description(chart, pieces),
    )


def _finite_pieces(line: Line) -> Pieces:
    """Cut a line at values that aren't finite: (steps, values) of each piece."""
    steps, values, good = np.asarray(line.steps, float), np.asarray(line.values, float), is_finite(line.values)
    if not good.any():
        return []
    cuts = np.flatnonzero(np.diff(good)) + 1
    indices = [piece for piece in np.split(np.arange(len(values)), cuts) if good[piece[0]]]
    return [(steps[piece], values[piece]) for piece in indices]


def _drawn_line(count: int, pieces: Pieces, style: Style, x: Axis, y: Axis) -> DrawnLine:
    window = smoothing_window(count) if any(_is_noisy(values) for _, values in pieces) else 0
    raw = [(x.places(steps), y.places(values)) for steps, values in pieces]
    if not window:
        path = _path(_spikes(*piece, _share(piece, count)) for piece in raw)
        return DrawnLine(style, thin='', bold=path, dots=_dots(raw) if count <= _DOTTED else '')
    smooth = [(steps, smoothed(values, min(window, len(values)))) for steps, values in pieces]
    bold = [(x.places(steps), y.places(values)) for steps, values in smooth]
    return DrawnLine(
        style,
        thin=_path(_spikes(*piece, _share(piece, count)) for piece in raw),
        bold=_path(_thinned(*piece, _share(piece, count)) for piece in bold),
        dots='',
    )


def _is_noisy(values: Floats) -> bool:
    """Tell whether values go up and down: averages would only round the corners of a schedule."""
    turns = np.diff(np.sign(np.diff(values))) != 0
    return bool(turns.size and turns.mean() > _TURNS)


def _legend(chart: Chart, pieces: Sequence[Pieces], styles: Mapping[str, Style]) -> list[LegendEntry]:
    ends: dict[str, list[float]] = {_entry(line): [] for line in chart.lines}
    for line, parts in zip(chart.lines, pieces, strict=True):
        ends[_entry(line)] += [float(parts[-1][1][-1])] if parts else []
    return [LegendEntry(name, styles[name], _last(values)) for name, values in ends.items()]


def _last(values: Sequence[float]) -> str:
    if len(values) < 2:
        return short_number(values[0]) if values else 'no finite value'
    return f'{short_number(min(values))} to {short_number(max(values))}'


def _share(piece: tuple[Floats, Floats], all_points: int) -> int:
    return max(2, _MOST_POINTS * len(piece[0]) // all_points)


def _spikes(x: Floats, y: Floats, most: int) -> tuple[Floats, Floats]:
    """Keep of each stretch of points the lowest and the highest."""
    if len(x) <= most:
        return x, y
    stretches = np.array_split(np.arange(len(x)), most // 2)
    kept = [index for part in stretches for index in sorted({part[y[part].argmin()], part[y[part].argmax()]})]
    kept = sorted({0, *kept, len(x) - 1})
    return x[kept], y[kept]


def _thinned(x: Floats, y: Floats, most: int) -> tuple[Floats, Floats]:
    """Keep every n-th point."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(most, len(x))).round().astype(int))
    return x[kept], y[kept]


def _path(pieces: Iterable[tuple[Floats, Floats]]) -> str:
    """Write pieces as the path of an SVG; a single point is a line to itself, which round ends make a dot."""
    return ''.join(
        'M' + 'L'.join(_point(*point) for point in zip(*piece, strict=True)) + ('h0' if len(piece[0]) == 1 else '')
        for piece in pieces
    )


def _dots(pieces: Pieces) -> str:
    return ''.join(f'M{_point(*point)}h0' for piece in pieces for point in zip(*piece, strict=True))


def _point(x: float, y: float) -> str:
    return f'{x:.1f} {y:.1f}'.replace('.0', '')


def _drawn_levels(levels: Mapping[str, float], axis: Axis) -> list[DrawnLevel]:
    """Label each level above its line, further down where another label is in the way."""
    drawn: list[DrawnLevel] = []
    for name, value in sorted(levels.items(), key=lambda level: -level[1]):
        place = round(float(axis.places([value])[0]), 1)
        above = drawn[-1].label_place if drawn else BOX[1] - _LABEL_HEIGHT - 1
        label = name if len(name) <= _LABEL_LENGTH else f'{name[: _LABEL_LENGTH - 1]}…'
        label_place = round(max(place - 4, above + _LABEL_HEIGHT), 1)
        drawn.append(DrawnLevel(place, label, label_place, f'{name}: {short_number(value)}'))
    return drawn


def _gaps(chart: Chart) -> Iterator[str]:
    for line in chart.lines:
        bad = np.flatnonzero(~is_finite(line.values))
        if len(bad):
            yield (
                f'{line.name}: {len(bad)} of {len(line.values)} values not finite, left out, '
                f'the first at {chart.unit} {short_number(line.steps[bad[0]])}.'
            )


def _description(chart: Chart, pieces: Sequence[Pieces]) -> str:
    told = [f'{chart.title} by {chart.unit}.']
    for line, parts in zip(chart.lines, pieces, strict=True):
        if not parts:
            told.append(f'{line.name}: no finite value.')
            continue
        (first_step, *_), (first, *_) = parts[0]
        (*_, last_step), (*_, last) = parts[-1]
        told.append(
            f'{line.name}: from {short_number(first)} at {short_number(first_step)} '
            f'to {short_number(last)} at {short_number(last_step)}.'
        )
    return ' '.join([*told, *(f'Level {name}: {short_number(value)}.' for name, value in chart.levels.items())])
