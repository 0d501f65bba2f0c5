"""Recipes under ``configs/``, resolved once, and the tools to make them tiny."""

import importlib.util
from functools import cache
from pathlib import Path

import pytest

from sslrecipes.zoo import read_index
from sslrecipes.zoo.config import load_config

ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted(
    path.relative_to(ROOT).as_posix() for path in ROOT.glob('configs/**/*.py') if '_base_' not in path.parts
)


def pytest_generate_tests(metafunc):
    if 'recipe' in metafunc.fixturenames:
        metafunc.parametrize('recipe', RECIPES, ids=lambda path: path.removeprefix('configs/').removesuffix('.py'))


@cache
def resolved(recipe):
    return load_config(ROOT / recipe)


@pytest.fixture
def cfg(recipe):
    """Resolved config of the recipe; shared, not to be changed."""
    return resolved(recipe)


@pytest.fixture(scope='session')
def resolve():
    """Function from a recipe's path to its resolved config; shared, not to be changed."""
    return resolved


@pytest.fixture(scope='session')
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope='session')
def recipes():
    """Paths of all recipes, relative to the repository."""
    return RECIPES


@pytest.fixture(scope='session')
def cards():
    """All recipe cards by the path of their config."""
    return {card.config: card for card in read_index(ROOT)}


@pytest.fixture(scope='session')
def tiny():
    """Module ``tiny.py`` of this folder."""
    spec = importlib.util.spec_from_file_location('tiny_recipes', Path(__file__).with_name('tiny.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
