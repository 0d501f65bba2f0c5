from io import StringIO

import pytest
from rich.console import Console

from sslrecipes.visualization.tables import markdown_table, number, print_table


def test_markdown():
    assert markdown_table(['a', 'b'], [['1', '2'], ['3', '-']]) == '| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | - |'


def test_terminal():
    stream = StringIO()
    print_table(Console(file=stream, width=60), 'results, %', ['model', 'top-1', 'top-1'], [['MAE', '81.5', '68.3']])
    lines = stream.getvalue().splitlines()
    assert lines[0].strip() == 'results, %'
    assert lines[4].split('│')[1:4] == [' MAE   ', ' 81.5  ', ' 68.3  ']


@pytest.mark.parametrize(('value', 'digits', 'text'), [(None, 1, '-'), (81.46, 1, '81.5'), (242.4, 0, '242')])
def test_number(value, digits, text):
    assert number(value, digits) == text
