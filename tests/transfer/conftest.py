"""The tools that kill runs."""

import importlib.util
import sys
from pathlib import Path

import pytest

import sslrecipes.transfer  # noqa: F401  registers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def restarting():
    """Module ``tests/recipes/restarting.py``."""
    spec = importlib.util.spec_from_file_location('transfer_restarting', ROOT / 'tests' / 'recipes' / 'restarting.py')
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
