"""A sample of the long tests in tests/long, where the full counts are run."""

import importlib.util
import os
import signal
from collections import Counter
from pathlib import Path

import pytest


@pytest.fixture
def long_test():
    """``long_test('kill_saves')``: the module tests/long/kill_saves.py."""

    def load(name):
        path = Path(__file__).parents[1] / 'long' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(f'long_{name}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_kills_in_saves(tmp_path, long_test):
    phases, wrong = long_test('kill_saves').run(tmp_path, trials=20, megabytes=5)
    assert wrong == []
    assert phases['writing'] + phases['flushing'] >= 10


def test_damaged_files(tmp_path, long_test):
    assert long_test('damage_files').run(tmp_path, trials=40) == []


def test_mutations_of_real_files(tmp_path, long_test):
    counts = long_test('fuzz_reading').run(tmp_path, trials=2000)
    for kind, outcomes in counts.items():
        assert set(outcomes) <= {'refused', 'read'}, kind
        assert outcomes['refused'] > 400, kind
    assert sum(counts.values(), Counter()).total() == 2000


@pytest.mark.parametrize('saver', ['torch', 'safetensors'])
def test_the_fuzzer_notices_what_it_looks_for(tmp_path, long_test, saver):
    """A reader that dies, raises something else, or returns wrong values is counted as such."""
    module = long_test('fuzz_reading')
    module.read_checkpoint = {'torch': lambda path: {}, 'safetensors': lambda path: 1 / 0}[saver]
    found = module.read_in_fork(tmp_path / 'a', [b'x'], b'original')
    assert found[0].startswith({'torch': 'read, but not what', 'safetensors': 'ZeroDivisionError'}[saver])
    module.read_checkpoint = lambda path: os.kill(os.getpid(), signal.SIGKILL)
    assert 'the process ended with status' in module.read_in_fork(tmp_path / 'a', [b'x'], None)[-1]
