import re
from io import StringIO

import pytest
from rich.console import Console

from sslrecipes.commands import knn_report
from sslrecipes.commands.knn_report import KNNRow, _steps, draw_curve, print_accuracies, write_csv


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (['run/epoch_2.pth', 'run/epoch_10.pth'], ('epoch', [2, 10])),
        (['iter_500.pth', 'iter_1000.pth'], ('iteration', [500, 1000])),
        (['epoch_2.pth', 'best.pth'], ('checkpoint', [0, 1])),
        (['a/epoch_2.pth', 'b/epoch_2.pth'], ('checkpoint', [0, 1])),
        (['first.pth', 'second.pth'], ('checkpoint', [0, 1])),
    ],
)
def test_what_checkpoints_are_drawn_against(names, expected):
    assert _steps(names) == expected


def test_curve_of_checkpoints_without_epochs(tmp_path):
    rows = [KNNRow(name, k, 10.0 * k, 50.0, 10.0) for name in ('first.pth', 'second.pth') for k in (1, 5)]
    draw_curve(tmp_path / 'curve.png', rows)
    assert (tmp_path / 'curve.png').read_bytes().startswith(b'\x89PNG')


def test_the_untrained_network_stands_beside(tmp_path, monkeypatch):
    rows = [KNNRow(name, 5, top1, 90.0, 10.0) for name, top1 in (('untrained', 92.5), ('a.pth', 93.75), ('b.pth', 99))]
    print_accuracies(console := Console(record=True, file=StringIO(), width=120), rows, 400)
    printed = console.export_text()
    assert 'k-NN accuracy, % of 400 images' in printed
    assert re.search(r'a\.pth .* \+1\.25, within chance ', printed)
    assert re.search(r'b\.pth .* \+6\.50, better ', printed)
    figures = []
    monkeypatch.setattr(knn_report, 'save_figure', lambda figure, path: figures.append(figure))
    draw_curve(tmp_path / 'curve.png', rows)
    lines = {line.get_label(): list(line.get_ydata()) for line in figures[0].axes[0].lines}
    assert lines == {'k = 5': [93.75, 99], 'k = 5, untrained': [92.5, 92.5]}


def test_any_file_name_stands_in_the_curve_and_in_the_table(tmp_path):
    rows = [KNNRow(name, 1, 10.0, 50.0, 10.0) for name in ('caf\udce9.pth', '$\\no$.pth', 'a [b] c.pth')]
    draw_curve(tmp_path / 'curve.png', rows)
    write_csv(tmp_path / 'knn.csv', rows)
    assert b'caf\xe9.pth' in (tmp_path / 'knn.csv').read_bytes()
    print_accuracies(console := Console(record=True, file=StringIO(), width=120), rows, 100)
    assert 'a [b] c.pth' in console.export_text()
