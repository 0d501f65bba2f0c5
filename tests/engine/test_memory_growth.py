"""A sample of ``tests/long/memory.py``: the memory of a run doesn't grow."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope='module')
def memory():
    path = Path(__file__).parents[1] / 'long' / 'memory.py'
    spec = importlib.util.spec_from_file_location('long_memory', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_memory_of_a_run_does_not_grow(memory):
    assert memory.measure(steps=250, checkpoint_every=100, workers=0, warm_up=310) <= memory.LIMIT


def test_growth_would_be_seen(memory):
    flat = [(step, 900.0) for step in range(0, 5000, 10)]
    leaking = [(step, 900 + 0.0011 * step) for step in range(0, 5000, 10)]
    assert memory.slope(flat, 1000) == pytest.approx(0, abs=1e-6)
    assert memory.slope(leaking, 1000) == pytest.approx(1.1)
