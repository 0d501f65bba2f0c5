"""Golden cases: numeric references of the official code. Every size and option comes from ``case.json``.

The root is ``tests/data/golden``, or the environment variable ``SSLRECIPES_GOLDEN``.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from sslrecipes.config.reading import read_config
from sslrecipes.engine.optimizers import ParamGroupsConstructor

CONFIGS = Path(__file__).parents[2]
ROOT = Path(os.environ.get('SSLRECIPES_GOLDEN') or Path(__file__).parents[1] / 'data' / 'golden')


if not ROOT.is_dir():
    raise pytest.UsageError(f'SSLRECIPES_GOLDEN: there is no directory "{ROOT}"')


class Case:
    """One case: ``meta`` of case.json, and its tensors by part (``state/``, ``in/``, ``out/``)."""

    def __init__(self, name):
        folder = ROOT / name
        self.meta = json.loads((folder / 'case.json').read_text())
        self.hyper = self.meta.get('hyper', {})
        self.file = folder / 'tensors.safetensors'
        self.tensors = load_file(self.file) if self.file.exists() else {}

    def part(self, prefix):
        return {k[len(prefix) :]: v for k, v in self.tensors.items() if k.startswith(prefix)}

    def __getitem__(self, name):
        return self.tensors[name]


@pytest.fixture
def case(request):
    """The case whose name is the test's parameter; skipped if its directory is absent."""
    if not (ROOT / request.param).is_dir():
        pytest.skip(f'no case {request.param}')
    return Case(request.param)


def pytest_configure(config):
    config.addinivalue_line('markers', 'golden(*names): run the test on each of these cases')


def pytest_generate_tests(metafunc):
    """``@pytest.mark.golden('tec/base_model', ...)`` parametrises ``case``; ``any_case`` is every case present."""
    if 'any_case' in metafunc.fixturenames:
        present = sorted(folder.relative_to(ROOT).as_posix() for folder in ROOT.glob('*/*/') if folder.is_dir())
        metafunc.parametrize('any_case', present)
    marker = metafunc.definition.get_closest_marker('golden')
    if marker:
        metafunc.parametrize('case', marker.args, indirect=True, ids=marker.args)


@pytest.fixture(scope='session')
def known_cases(request):
    """Names of the cases that tests of this folder are marked with, whichever of them are run."""
    modules = [
        pytest.Module.from_parent(request.session, path=file).obj for file in Path(__file__).parent.glob('test_*.py')
    ]
    tests = [test for module in modules for test in vars(module).values()]
    marks = [mark for test in tests for mark in getattr(test, 'pytestmark', ()) if mark.name == 'golden']
    return {name for mark in marks for name in mark.args}


@pytest.fixture
def close():
    """Compare with a case's tensor; tolerances are those the cases state, by kind of value."""
    tolerances = {
        'loss': dict(rtol=1e-4, atol=0),
        'value': dict(rtol=1e-4, atol=1e-5),
        'grad': dict(rtol=1e-3, atol=1e-6),
        'tec_value': dict(rtol=1e-3, atol=1e-4),
        'tec_grad': dict(rtol=1e-3, atol=1e-5),
    }

    def compare(actual, expected, kind='value'):
        torch.testing.assert_close(actual.detach(), expected, **tolerances[kind])

    return compare


@pytest.fixture
def assert_groups():
    """Compare the groups of a recipe's constructor with a case, name by name; nothing else may be trained."""

    def check(model, keymap, expected, config, hyper, not_optimised):
        cfg = read_config(CONFIGS / config).optim_wrapper.to_dict()
        if 'layer_decay' in hyper:
            cfg['paramwise_cfg']['layer_decay'] = hyper['layer_decay']
        constructor = ParamGroupsConstructor(cfg, cfg.get('paramwise_cfg'))
        groups = constructor.param_groups(model, 1.0, hyper['weight_decay'])
        of_param = {id(param): group for group in groups for param in group['params']}
        for official, group in expected.items():
            (ours,) = keymap.to_ours({official: None})
            actual = of_param.pop(id(model.get_parameter(ours)))
            assert actual['lr_scale'] == pytest.approx(group['lr_scale'], rel=1e-9), official
            assert actual['weight_decay'] == group['weight_decay'], official
        assert not of_param, 'parameters are trained that officially are not'
        for official in not_optimised:
            (ours,) = keymap.to_ours({official: None})
            assert not model.get_parameter(ours).requires_grad

    return check


@pytest.fixture(scope='session')
def train_and_compare():
    """``train_and_compare(case, work_dir, values, buffers)`` of ``sslight_training.py``."""
    load('sslight_recipe')
    return load('sslight_training').train_and_compare


def load(name):
    """Import a module of this folder."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f'{name}.py'))
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='session')
def sslight_recipe():
    """``sslight_recipe(method, arch)``: the config of a pre-training by the names that the cases use."""

    def read(method, arch):
        name = f'{method.lower()}-sslight_{arch.replace("_", "")}'
        (file,) = (file for file in (CONFIGS / 'configs/sslight').glob('*.py') if plain(file).startswith(plain(name)))
        return read_config(file)

    def plain(name):
        method, backbone = Path(name).name.split('_')[:2]
        return f'{method}_{backbone.replace("-", "")}'

    return read
