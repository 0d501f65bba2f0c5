import importlib
import sys

import pytest

from sslrecipes.compat.after_import import after_import, instead_of_import


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """Name of a module that nobody has imported."""
    name = f'mended_by_{request.node.name}'
    (tmp_path / f'{name}.py').write_text('value = 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def test_a_module_is_mended_when_it_is_imported(module):
    after_import(module, lambda it: setattr(it, 'value', it.value + 1))
    assert module not in sys.modules
    assert importlib.import_module(module).value == 2
    assert importlib.import_module(module).value == 2


def test_a_module_that_is_there_is_mended_at_once(module):
    imported = importlib.import_module(module)
    after_import(module, lambda it: setattr(it, 'value', 3))
    assert imported.value == 3


def test_the_code_of_a_replaced_module_is_not_run(module):
    instead_of_import(module, lambda it: setattr(it, 'other', 2))
    imported = importlib.import_module(module)
    assert imported.other == 2
    assert not hasattr(imported, 'value')
