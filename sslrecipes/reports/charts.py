"""Charts as they are drawn: curves of all runs over one another, as SVG that follows the colours of its page.

Written by a template and not by matplotlib: its SVG holds colours that don't turn with the page, a fixed size of
letters that phones can't read, and a style for every element, which the page's policy would have to allow. What a
chart needs of matplotlib is some round numbers at the axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sslrecipes.reports.axes import HUGE, Axis, Tick, is_finite, short_number, step_axis, value_axis
from sslrecipes.reports.contents import Chart, Line
from sslrecipes.reports.paths import Paths, Piece, finite_pieces, paths_of

#: Size of the picture, and the box inside that the curves fill: left, top, right, bottom.
WIDTH, HEIGHT = 440, 278
BOX = (54, 12, 424, 240)
COLOURS = 6
_DASHES = 3
_LABEL_HEIGHT = 13
_LABEL_LENGTH = 44


@dataclass(frozen=True)
class Style:
    """Number of a colour, the same in all charts of a page, and of the dashes that tell curves of one colour apart."""

    colour: int
    dash: int


@dataclass(frozen=True)
class DrawnLine:
    """A line in the style of its run or group."""

    style: Style
    paths: Paths


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
    pieces = [finite_pieces(line) for line in chart.lines]
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
            DrawnLine(styles[_entry(line)], paths_of(one, x, y)) for line, one in zip(chart.lines, pieces, strict=True)
        ],
        legend=_legend(chart, pieces, styles),
        levels=_drawn_levels(levels, y),
        remarks=[*_gaps(chart), *(f'"{name}" is not finite.' for name in chart.levels if name not in levels)],
        description=_description(chart, pieces),
    )


def _legend(chart: Chart, pieces: Sequence[list[Piece]], styles: Mapping[str, Style]) -> list[LegendEntry]:
    ends: dict[str, list[float]] = {_entry(line): [] for line in chart.lines}
    for line, parts in zip(chart.lines, pieces, strict=True):
        ends[_entry(line)] += [float(parts[-1][1][-1])] if parts else []
    return [LegendEntry(name, styles[name], _last(values)) for name, values in ends.items()]


def _last(values: Sequence[float]) -> str:
    if len(values) < 2:
        return short_number(values[0]) if values else 'no finite value'
    return f'{short_number(min(values))} to {short_number(max(values))}'


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


def _description(chart: Chart, pieces: Sequence[list[Piece]]) -> str:
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
