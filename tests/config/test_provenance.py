import ast
import linecache
from functools import cache
from pathlib import Path

import pytest

from sslrecipes.config.kinds import recipes_below
from sslrecipes.config.lines import Origin
from sslrecipes.config.provenance import origin_of, origins, settings, words_about

ROOT = Path(__file__).resolve().parents[2]
RECIPES = [*recipes_below(ROOT)]
BASE = """\
pipeline = [
    dict(type='Load'),
    dict(type='Crop', scale=224),
]
model = dict(
    backbone=dict(arch='b',
                  depth=12),
    head=dict(type='A', loss=dict(type='L2')))
loader = dict(batch_size=64, dataset=dict(type='D', pipeline=pipeline))
other = 1
"""
MINE = """\
_base_ = ['base.py']
checkpoint = 'weights.pth'
model = dict(
    backbone=dict(depth=24),
    head=dict(_delete_=True, type='A', init=checkpoint),
)
loader = dict(dataset=dict(pipeline=[*_base_.pipeline, dict(type='Pack')]))
copied = dict(_base_.loader, batch_size=8)
quoted = dict(pipeline={{_base_.pipeline}}, depth={{_base_.model.backbone.depth}})
for name in ('x', 'y'):
    copied[name] = name
many = [dict(type=name) for name in 'ab']
added = _base_.pipeline + [dict(type='Last')]
added[0].update(color='grey')
model['extra'] = dict(a=1)
first, (second,) = 1, [2]
added_again = [dict(type='First')]
added_again += [dict(type='Second')]
"""


@pytest.fixture
def found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.py').write_text(BASE)
    (tmp_path / 'mine.py').write_text(MINE)
    return {place: str(origin) for place, origin in origins('mine.py').items()}


@pytest.mark.parametrize(
    ('place', 'origin'),
    {
        'other': 'base.py:10',
        'checkpoint': 'mine.py:2',
        'model': 'mine.py:3',
        'model.backbone.arch': 'base.py:6',
        'model.backbone.depth': 'mine.py:4',
        'model.head.type': 'mine.py:5',
        'model.head.init': 'mine.py:2',
        'model.extra.a': 'mine.py:15',
        'loader.batch_size': 'base.py:9',
        'loader.dataset.type': 'base.py:9',
        'loader.dataset.pipeline': 'mine.py:7',
        'loader.dataset.pipeline[1].scale': 'base.py:3',
        'loader.dataset.pipeline[2].type': 'mine.py:7',
        'copied.batch_size': 'mine.py:10',
        'quoted.pipeline[0].type': 'base.py:2',
        'quoted.depth': 'base.py:7',
        'many[1].type': 'mine.py:12',
        'added[0].type': 'mine.py:14',
        'added[2].type': 'mine.py:14',
        'first': 'mine.py:16',
        'second': 'mine.py:16',
        'added_again[0].type': 'mine.py:17',
        'added_again[1].type': 'mine.py:18',
    }.items(),
)
def test_who_set_it(found, place, origin):
    assert found[place] == origin


def test_a_deleted_value_is_gone(found):
    assert 'model.head.loss' not in found


def test_an_equal_value_of_a_replaced_list_is_not_the_bases(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.py').write_text("steps = [dict(type='Load'), dict(type='Crop')]")
    (tmp_path / 'mine.py').write_text("_base_ = 'base.py'\nsteps = [dict(type=name) for name in ('Load', 'Flip')]")
    assert str(origins('mine.py')['steps[0].type']) == 'mine.py:2'


def test_overrides_own_what_they_name(found):
    overrides = {'loader.dataset.pipeline.1.scale': 192, 'model.backbone': dict(depth=6), 'many': [3]}
    new = origins('mine.py', overrides)
    option = Origin('--cfg-options')
    assert {place for place, origin in new.items() if origin == option} == {
        'loader.dataset.pipeline[1].scale',
        'model.backbone',
        'model.backbone.depth',
        'many',
        'many[0]',
    }
    assert settings('mine.py', overrides)['model.backbone.depth'].value == 6
    assert 'many[1]' not in new


def test_a_place_that_is_not_there_has_the_origin_of_what_is_around(found):
    known = origins('mine.py')
    assert origin_of('model.backbone.dept', known) == known['model.backbone']
    assert origin_of('loader.dataset.pipeline[7].x', known) == known['loader.dataset.pipeline']
    assert origin_of('nowhere', known) is None


def test_words_for_messages(found):
    assert words_about(('other', 'model.backbone.depth'), 'mine.py') == '(set in base.py:10 and in mine.py:4)'
    assert words_about(('other', 'first'), 'mine.py', {'other': 2}) == '(set by --cfg-options and in mine.py:16)'
    assert words_about(('model.backbone.*',), 'mine.py', {'model.backbone.depth': 2}) == (
        '(set in mine.py:4 and model.backbone.depth by --cfg-options)'
    )
    assert words_about((), 'mine.py') == ''
    assert words_about(('nowhere',), 'mine.py') == ''


def test_files_of_installed_packages_are_shown_as_bases_name_them(tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = 'mmpretrain::_base_/models/mae_vit-base-p16.py'")
    origin = origins(tmp_path / 'mine.py')['model.backbone.mask_ratio']
    assert origin.source == 'mmpretrain::_base_/models/mae_vit-base-p16.py'
    assert origin.line is not None


def test_configs_that_are_no_plain_text_are_followed_as_far_as_possible(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.py').write_text('a = dict(b=1)')
    (tmp_path / 'lazy.py').write_text(
        'from mmengine.config import read_base\nwith read_base():\n    from .base import *\na.update(c=2)'
    )
    (tmp_path / 'data.yml').write_text('a: {b: 1}')
    (tmp_path / 'heir.py').write_text("_base_ = 'data.yml'\na = dict(c={{'$UNSET:2'}}, name='{{fileBasename}}')")
    assert str(origins('lazy.py')['a.c']) == 'lazy.py:4'
    found = {place: str(origin) for place, origin in origins('heir.py').items()}
    assert found == {'a': 'heir.py:2', 'a.b': 'data.yml', 'a.c': 'heir.py:2', 'a.name': 'heir.py:2'}


@cache
def computing_lines(source):
    """Lines of loops, of sums of words, and of statements that cut lists."""
    nodes = list(ast.walk(ast.parse(Path(source).read_text())))
    found = [node for node in nodes if isinstance(node, ast.ListComp)]
    found += [node for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant)]
    found += [node for node in nodes if isinstance(node, ast.Assign) and any(map(is_cut, ast.walk(node)))]
    return {line for one in found for line in range(one.lineno, one.end_lineno + 1)}


def is_cut(node):
    return isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant)


def follows(line, value):
    """Whether a line sets the folder of all data, and a value is a path in it; or the side of pictures."""
    name, _, said = line.partition(' = ')
    if name == 'image_size':
        return isinstance(value, int)
    return name == 'data_root' and str(value).startswith(ast.literal_eval(said))


def test_every_word_and_whole_number_of_every_recipe_stands_on_the_line_that_is_named(monkeypatch):
    monkeypatch.setattr('sslrecipes.config.history.shown', str)  # full paths
    count = 0
    for recipe in RECIPES:
        for place, setting in settings(recipe).items():
            if (setting.origin.line or 0) in computing_lines(setting.origin.source):
                continue  # where nobody writes the value down
            if isinstance(setting.value, (str, int)) and not isinstance(setting.value, bool) and setting.value != '':
                line = linecache.getline(setting.origin.source, setting.origin.line or 0)
                grouped = f'{setting.value:_}' if isinstance(setting.value, int) else setting.value
                told = str(setting.value) in line or grouped in line or follows(line, setting.value)
                assert told, f'{recipe.name}: {place}: {setting.origin}'
                count += 1
    assert count > 50 * len(RECIPES)
