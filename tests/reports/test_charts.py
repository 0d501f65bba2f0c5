import math
import re

import numpy as np
import pytest

from sslrecipes.reports.axes import step_axis, value_axis
from sslrecipes.reports.charts import BOX, draw_charts
from sslrecipes.reports.contents import Chart, Line

NAN, INF = math.nan, math.inf


def drawn(*lines, **options):
    (chart,) = draw_charts([Chart('loss', 'iteration', lines, **options)])
    return chart


def points(path):
    return [tuple(map(float, point.split())) for point in re.findall(r'[ML]([^MLh]+)', path)]


def labels(values):
    return [tick.text for tick in value_axis(np.array(values, float), 200, 0).ticks()]


@pytest.mark.parametrize(
    ('values', 'expected'),
    [
        ([0, 1], ['0', '0.2', '0.4', '0.6', '0.8', '1.0']),
        ([4.05, 4.16], ['4.06', '4.08', '4.10', '4.12', '4.14', '4.16']),
        ([0, 3e-4], ['0', '1e-4', '2e-4', '3e-4']),
        ([10_000, 50_000], ['0', '10k', '20k', '30k', '40k', '50k']),
        ([-2e6, 3e6], ['-2M', '-1M', '0', '1M', '2M', '3M']),
        ([5, 5], ['4.8', '4.9', '5.0', '5.1', '5.2']),
        ([0, 0], ['-1.0', '-0.5', '0', '0.5', '1.0']),
        ([1e-3, 1e-3, 1e-3, 10], ['0.001', '0.01', '0.1', '1', '10']),
    ],
)
def test_axes_have_round_numbers(values, expected):
    assert labels(values) == expected


def test_steps_are_whole():
    ticks = step_axis(np.array([0.0, 1, 2]), 0, 100).ticks()
    assert [(tick.place, tick.text) for tick in ticks] == [(0, '0'), (50, '1'), (100, '2')]


def test_values_lie_where_they_belong():
    line = drawn(Line('a', [0, 5, 10], [0.0, 1.0, 0.5])).lines[0].paths
    first, top, last = points(line.bold)
    assert (first[0], last[0]) == (BOX[0], BOX[2])
    assert first[1] == BOX[3]
    assert BOX[1] < top[1] < last[1] < first[1]
    assert points(line.dots) == [first, top, last]


def test_what_is_not_finite_leaves_a_gap_that_is_said():
    chart = drawn(Line('a', range(6), [1, 2, NAN, 3, INF, 5]), Line('b', [1], [NAN]), levels={'lost': NAN})
    assert [path.paths.bold.count('M') for path in chart.lines] == [3, 0]
    assert 'nan' not in ''.join(path.paths.bold for path in chart.lines)
    assert chart.remarks == [
        'a: 2 of 6 values not finite, left out, the first at iteration 2.',
        'b: 1 of 1 values not finite, left out, the first at iteration 1.',
        '"lost" is not finite.',
    ]
    assert chart.legend[1].last == 'no finite value'
    assert 'b: no finite value.' in chart.description


def test_many_points_are_few_and_the_spikes_stay():
    values = np.random.default_rng(0).normal(size=20_000)
    values[777], values[15_001] = 40, -40
    line = drawn(Line('a', range(20_000), values)).lines[0].paths
    raw, bold = points(line.thin), points(line.bold)
    assert len(raw) <= 245
    assert len(bold) <= 240
    assert min(y for _, y in raw) < 21
    assert max(y for _, y in raw) > 229
    assert max(y for _, y in bold) - min(y for _, y in bold) < 60
    assert raw == sorted(raw, key=lambda point: point[0])


def test_a_schedule_keeps_its_corners():
    steps = range(600)
    line = drawn(Line('lr', steps, [min(step, 60) / 60 for step in steps])).lines[0].paths
    assert not line.thin
    assert min(y for _, y in points(line.bold)) == min(y for x, y in points(line.bold) if x < 95)


def test_levels_are_labelled_one_below_the_other():
    levels = {'low': 1.0, 'trivial': 5.0, 'nearly trivial': 4.99}
    chart = drawn(Line('a', [1, 2], [1, 4]), levels=levels)
    assert [level.label for level in chart.levels] == ['trivial', 'nearly trivial', 'low']
    assert [level.text for level in chart.levels] == ['trivial: 5', 'nearly trivial: 4.99', 'low: 1']
    places = [level.label_place for level in chart.levels]
    assert min(np.diff(places)) >= 13
    assert places[0] > BOX[1]


def test_runs_keep_their_colour_and_seeds_share_one():
    seeds = [Line(f'b {seed}', [1, 2], [seed, seed + 1.0], group='b') for seed in range(3)]
    first, second = draw_charts(
        [Chart('x', 'epoch', [Line('a', [1], [1]), *seeds]), Chart('y', 'epoch', [seeds[0]])], ['b 0', 'a']
    )
    assert [(entry.name, entry.last) for entry in first.legend] == [('a', '1'), ('b', '1 to 3')]
    assert len({line.style for line in first.lines}) == 2
    assert second.lines[0].style == first.lines[1].style
    assert first.lines[1].style.colour == 0


def test_more_runs_than_colours_differ_in_dashes():
    chart = drawn(*(Line(str(run), [1, 2], [run, run]) for run in range(18)))
    assert len({line.style for line in chart.lines}) == 18


@pytest.mark.parametrize('values', [[], [NAN], [7.0], [1e308, -1e308, 1.0], [0.0, 0.0]])
def test_odd_lines_are_drawn(values):
    chart = drawn(Line('a', range(len(values)), values))
    assert not re.search('nan|inf', chart.lines[0].paths.bold)
    assert bool(chart.y_ticks) == bool(chart.lines[0].paths.bold)
