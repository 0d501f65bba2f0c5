"""What recipes inherit: each base serves somebody, and one kind of setting comes from one kind of base."""

from pathlib import Path

import pytest

from sslrecipes.config.reading import read_config
from sslrecipes.config.source import lineage

ROOT = Path(__file__).parents[2]
BASES = ROOT / 'configs/_base_'
#: Bases for configs of the reader, and of tests.
OFFERED = {
    'datasets/digits_8.py',
    'datasets/small/dtd.py',  # no recipe, for which those of CUB-200 are copied
    'evaluation/online.py',
    'transfer/datasets/imagenet-s.py',
}
WITHOUT_RUNTIME = [path for kind in ('schedules', 'evaluation') for path in sorted((BASES / kind).rglob('*.py'))]


def name(path):
    return path.relative_to(BASES).as_posix()


def test_every_base_is_inherited():
    configs = [path for folder in ('configs', 'projects/*/configs') for path in ROOT.glob(f'{folder}/**/*.py')]
    used = {source.path.resolve() for path in configs if BASES not in path.parents for source in lineage(path)}
    assert {name(path) for path in BASES.rglob('*.py') if path not in used} == OFFERED


@pytest.mark.parametrize('path', WITHOUT_RUNTIME, ids=name)
def test_schedules_and_evaluations_leave_the_runtime_to_the_recipe(path):
    assert not {'default_hooks', 'default_scope', 'visualizer'} & {*read_config(path)}
