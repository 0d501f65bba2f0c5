"""mmpretrain beside versions of ``transformers`` that it was not written for."""

import subprocess
import sys

import pytest

from sslrecipes.compat.multimodal import is_unfit

IMPORT_MODELS = """
import sslrecipes
import mmpretrain.models
from mmpretrain.registry import MODELS
assert MODELS.get('ResNet')
try:
    MODELS.build(dict(type='BlipCaption'))
except ImportError as error:
    print(error)
"""


@pytest.fixture
def transformers(tmp_path, monkeypatch):
    """A package of that name and a version, without anything in it."""

    def make(version):
        (tmp_path / 'transformers').mkdir()
        (tmp_path / 'transformers' / '__init__.py').write_text('')
        info = tmp_path / f'transformers-{version}.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: transformers\nVersion: {version}\n')
        monkeypatch.syspath_prepend(tmp_path)
        return tmp_path

    return make


@pytest.mark.parametrize(('version', 'unfit'), [('4.57.1', False), ('5.0.0', True), ('12.1', True), ('main', True)])
def test_versions_from_5_on_are_unfit(transformers, version, unfit):
    transformers(version)
    assert is_unfit() is unfit


def test_models_are_imported_beside_a_version_that_breaks_the_multimodal_ones(transformers):
    folder = transformers('5.24.0')
    code = f'import sys; sys.path.insert(0, {str(folder)!r})\n{IMPORT_MODELS}'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert 'requires extra multi-modal dependencies' in done.stdout
    assert 'OneDL' not in done.stdout
