"""A small sample of tests/long/fuzz_overrides.py."""

import copy
import importlib.util
import random
import sys
from pathlib import Path

import pytest

from sslrecipes.config.overrides import override
from sslrecipes.config.plain import make_plain
from sslrecipes.config.reading import read_config
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import UserError


@pytest.fixture(scope='module')
def fuzz():
    path = Path(__file__).parents[1] / 'long' / 'fuzz_overrides.py'
    spec = importlib.util.spec_from_file_location('fuzz_overrides', path)
    module = importlib.util.module_from_spec(spec)
    sys.modules['fuzz_overrides'] = module
    spec.loader.exec_module(module)
    return module


def test_values_of_wrong_kinds_pass_the_check_without_torch_or_end_in_a_sentence(fuzz, tmp_path):
    fuzz.write_recipes(tmp_path)
    recipes = {name: read_config(tmp_path / f'{name}.py') for name in fuzz.RECIPES}
    refused = 0
    for trial in fuzz.draw(tmp_path, random.Random(0), 400, list(fuzz.RECIPES)):
        cfg = copy.deepcopy(recipes[trial.recipe])
        try:
            override(cfg, {trial.key: trial.value})
            make_plain(cfg)
            check_schema(cfg)
        except UserError:
            refused += 1
    assert 200 < refused < 400


def test_runs_end_well_or_in_a_sentence(fuzz, tmp_path):
    fuzz.write_recipes(tmp_path)
    bad, _ = fuzz.fuzz(tmp_path, fuzz.draw(tmp_path, random.Random(0), 8, ['mae', 'knn']))
    assert bad == []


def test_what_a_bad_end_is(fuzz):
    assert fuzz.fault(0, 'a warning') is None
    assert fuzz.fault(2, 'log\nerror: a sentence. (set by --cfg-options)\n') is None
    assert 'KeyError: 3' in fuzz.fault(1, 'Traceback (most recent call last):\n  File\nKeyError: 3')
    assert fuzz.fault(2, 'error: one\nerror: two') == 'exit 2, 2 errors'
    assert fuzz.fault(2, '') == 'exit 2, 0 errors'
    assert fuzz.fault(-14, '') == 'exit -14, 0 errors'
