"""``sslrecipes::…`` and ``mmseg::…`` bases resolve, from this checkout too, and nothing heavy is imported for it."""

import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hub import get_config

from sslrecipes.config.kinds import recipes_below

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ('base', 'key'),
    [
        ('sslrecipes::_base_/default_runtime.py', 'default_hooks'),
        ('mmseg::_base_/models/upernet_vit-b16_ln_mln.py', 'model'),
        ('mmpretrain::_base_/models/mae_vit-base-p16.py', 'model'),
        ('mmdet::_base_/models/mask-rcnn_r50_fpn.py', 'model'),
    ],
)
def test_bases_of_other_packages_resolve(base, key, tmp_path):
    config = tmp_path / 'config.py'
    config.write_text(f'_base_ = {base!r}\n')
    assert Config.fromfile(config)[key]


def test_every_recipe_is_found_by_its_name():
    recipes = [path for path in recipes_below(ROOT) if path.parents[2] == ROOT]
    assert recipes
    for recipe in recipes:
        name = recipe.relative_to(ROOT / 'configs').as_posix()
        assert get_config(f'sslrecipes::{name}').default_scope == 'sslrecipes'


def test_a_base_that_is_not_there_is_named(tmp_path):
    config = tmp_path / 'config.py'
    config.write_text("_base_ = 'sslrecipes::mae/nothing.py'\n")
    with pytest.raises(FileNotFoundError, match=r'mae/nothing\.py'):
        Config.fromfile(config)


def test_resolving_imports_no_torch(tmp_path):
    config = tmp_path / 'config.py'
    config.write_text("_base_ = 'sslrecipes::_base_/default_runtime.py'\n")
    code = (
        'import sys, sslrecipes; from mmengine.config import Config; '
        f"Config.fromfile({str(config)!r}); assert not {{'torch', 'mmcv', 'mmpretrain'}} & sys.modules.keys()"
    )
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
