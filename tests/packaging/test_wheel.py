"""An installed wheel carries the recipes and the tools, and they work outside the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ('configs', 'tools', 'model-index.yml')
SOURCES = (*SHIPPED, 'sslrecipes', 'setup.py', 'setup.cfg', 'pyproject.toml', 'README.md', 'LICENSE')
IGNORED = shutil.ignore_patterns('*.pyc.*')  # half-written byte code of a test that runs at the same time


def _run(*command, **env):
    return subprocess.run(
        [sys.executable, *command],
        cwd=env.pop('cwd', None),
        env={**os.environ, 'PIP_NO_INDEX': '1', **env},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    ).stdout


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    source, out = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('wheel')
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=IGNORED)
        else:
            shutil.copy2(ROOT / name, source)
    _run('-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', '--wheel-dir', str(out), str(source))
    (path,) = out.glob('sslrecipes-*.whl')
    return path


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory):
    target = tmp_path_factory.mktemp('site')
    _run('-m', 'pip', 'install', '--no-deps', '--no-compile', '--target', str(target), str(wheel))
    return target


def _python(installed, *command):
    return _run(*command, cwd=installed.parent, PYTHONPATH=str(installed))


def test_wheel_ships_configs_tools_and_model_index(wheel):
    files = [path for name in SHIPPED for path in (ROOT / name, *(ROOT / name).rglob('*')) if path.is_file()]
    expected = {path.relative_to(ROOT).as_posix() for path in files if '__pycache__' not in path.parts}
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    prefix = 'sslrecipes/.mim/'
    assert {name.removeprefix(prefix) for name in names if name.startswith(prefix)} == expected
    assert 'sslrecipes/compat/mmcv_ext.py' in names
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob('sslrecipes/*/templates/*')} <= {*names}
    assert any(name.endswith('.dist-info/licenses/LICENSE') for name in names)
    assert not [name for name in names if name.endswith('.pyc') or name.startswith('tests')]


def test_bases_resolve_outside_the_checkout(installed, tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = 'sslrecipes::_base_/default_runtime.py'\n")
    code = (
        'import sslrecipes; from mmengine.config import Config; '
        f'print(sslrecipes.__file__); print(Config.fromfile({str(config)!r}).default_scope)'
    )
    origin, scope = _python(installed, '-c', code).split()
    assert Path(origin).is_relative_to(installed)
    assert scope == 'sslrecipes'


def test_tools_run_outside_the_checkout(installed):
    usage = _python(installed, str(installed / 'sslrecipes' / '.mim' / 'tools' / 'train.py'), '--help')
    assert '--resume' in usage
