import pytest
from mmengine.config import Config

from sslrecipes.checkpoint.stated_config import setting

TEXT = """
_scope = 'a'
model = dict(backbone=dict(type='ViT', sizes=(1, -2.5), options={'a.b': [None, True]}), head=other, type='MAE')
"""


def test_dicts_and_literals_without_running_the_text():
    backbone = {'type': 'ViT', 'sizes': (1, -2.5), 'options': {'a.b': [None, True]}}
    assert setting(TEXT, 'model') == {'backbone': backbone, 'head': None, 'type': 'MAE'}
    assert setting('model = __import__("os").system("false")', 'model') is None


@pytest.mark.parametrize('text', ['', 'x = 1', 'model = (', 'a model'])
def test_nothing_to_find(text):
    assert setting(text, 'model') is None


def test_dumped_config_comes_back():
    model = {'type': 'A', 'b': [1, {'c': 2.0}], 'd': None, 'e': ('f', True)}
    assert setting(Config({'model': model, 'z': 1}).pretty_text, 'model') == model
