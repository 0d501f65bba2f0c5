"""The tools that kill runs."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

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


@pytest.fixture(scope='session')
def scattered():
    """Function that gives a state dict weights and statistics of no special value."""

    def scatter(name, value):
        if not value.is_floating_point():
            return value
        if name.endswith(('running_var', 'bn.weight', 'bn1.weight', 'bn2.weight')):
            return torch.rand_like(value) + 0.5
        return value + torch.randn_like(value) * 0.05

    def scatter_all(state, key_biases=True):
        state = {name: scatter(name, value) for name, value in state.items()}
        for name, value in state.items():
            if name.endswith('qkv.bias') and not key_biases:
                value.chunk(3)[1].zero_()
        return state

    return scatter_all
