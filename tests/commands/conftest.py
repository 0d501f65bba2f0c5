"""A training and an evaluation on digits, and tools called as a user calls them."""

import runpy
import sys
from pathlib import Path

import pytest
from fixtures.digit_study import EVALUATION, TRAINING

TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'mae_digits.py'
    path.write_text(TRAINING)
    return path


@pytest.fixture
def evaluation(tmp_path):
    path = tmp_path / 'knn_digits.py'
    path.write_text(EVALUATION)
    return path


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Run a tool in this process with a command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(tool, *args):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, args)])
        runpy.run_path(str(TOOLS / tool), run_name='__main__')

    return run


@pytest.fixture
def files_in():
    """Function that reads every file below a folder."""
    return lambda folder: {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.fixture
def first_log():
    """Function that reads the log of the first start of a run."""
    return lambda folder: next(folder.glob('*/*.log')).read_text()
