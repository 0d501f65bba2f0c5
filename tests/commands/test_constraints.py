"""The tested versions, and the bounds of the declared requirements."""

import re
from configparser import ConfigParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from sslrecipes.commands import constraints as constraints_command
from sslrecipes.commands.constraints import keep_constraints, moved

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def constraints():
    return {need.name: need for line in _lines() if (need := Requirement(line))}


@pytest.fixture(scope='module')
def requirements():
    config = ConfigParser(interpolation=None)
    config.read(ROOT / 'setup.cfg')
    groups = [config['options']['install_requires'], *config['options.extras_require'].values()]
    lines = '\n'.join(groups).splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith('#')]


def _lines():
    return [line for line in (ROOT / 'constraints.txt').read_text().splitlines() if not line.startswith('#')]


def test_each_package_is_pinned_once(constraints):
    assert len(constraints) == len(_lines())
    assert all(re.fullmatch(r'==[^*,]+', str(need.specifier)) for need in constraints.values())


def test_the_tested_versions_are_within_the_declared_bounds(constraints, requirements):
    for need in requirements:
        pin = next(iter(constraints[need.name.lower()].specifier))
        assert need.specifier.contains(pin.version), need


def test_what_training_and_tests_need_has_an_upper_bound(requirements):
    free = {need.name for need in requirements if not re.search('<|==|~=', str(need.specifier))}
    assert free == {'types-PyYAML', 'packaging', 'setuptools'}  # which have no major versions that promise anything


def test_what_moved_is_told(tmp_path):
    file = tmp_path / 'constraints.txt'
    keep_constraints(file, write=True)
    assert moved(file) == []
    file.write_text(re.sub('numpy==.*', 'numpy==1.0\nno-such-package==3; python_version >= "3.11"', file.read_text()))
    assert [line.partition(', here')[0] for line in moved(file)] == [
        'no-such-package: tested with 3',
        'numpy: tested with 1.0',
    ]


@pytest.mark.parametrize(('pythons', 'marker'), [('>=3.9', ''), ('>=3.11', '; python_version >= "3.11"'), (None, '')])
def test_a_pin_says_which_pythons_it_is_for(pythons, marker, monkeypatch):
    package = SimpleNamespace(metadata={'Requires-Python': pythons})
    monkeypatch.setattr(constraints_command, 'distribution', lambda _: package)
    assert constraints_command.marker('any') == marker
