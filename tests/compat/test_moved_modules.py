"""Programs that import modules by their former names go on."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import sslrecipes
from sslrecipes.checkpoint.files import writing
from sslrecipes.compat.moved_modules import PRESENT


def test_former_names_are_free_and_lead_somewhere():
    root = Path(sslrecipes.__file__).parents[1]
    paths = [root / name.replace('.', '/') for name in PRESENT]
    assert not [path for path in paths if path.with_suffix('.py').exists() or (path / '__init__.py').exists()]
    assert [name for name in PRESENT.values() if not find_spec(name)] == []


def test_a_moved_module_is_the_same_under_both_names():
    spec = writing.__spec__
    with pytest.warns(FutureWarning, match=r'^sslrecipes\.checkpoint\.writing is called '):
        former = import_module('sslrecipes.checkpoint.writing')
    assert former is writing
    assert writing.__spec__ is spec
    with pytest.raises(ModuleNotFoundError):
        import_module('sslrecipes.checkpoint.nothing')


def test_so_is_a_moved_package_with_its_modules():
    with pytest.warns(FutureWarning):
        former = [import_module('sslrecipes.transfer.export'), import_module('sslrecipes.transfer.export.source')]
    assert former == [import_module('sslrecipes.export'), import_module('sslrecipes.export.source')]
