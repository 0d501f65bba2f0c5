import pytest

from sslrecipes.config.option_values import GivenText, value_of
from sslrecipes.config.rules.checks import either, nothing, number, one_of, text, whole
from sslrecipes.errors import ConfigError

PATHS = ['My Pictures', 'a,b', '2024', '1e5', 'img (1)', '[x]', '(1)', 'True', "'q'", ' x ', '', '~/x', 'nan', 'a=b']


def read(given, old, key='model.x', check=None):
    return value_of(key, GivenText(given), old, check)


@pytest.mark.parametrize('old', [None, '', 'data/images'])
@pytest.mark.parametrize('key', ['data_root', 'a.ann_file', 'a.data_prefix', 'checkpoint', 'load_from', 'work_dir'])
@pytest.mark.parametrize('path', PATHS)
def test_paths_are_what_was_typed(path, key, old):
    value = read(path, old, key)
    assert value == path
    assert type(value) is str


@pytest.mark.parametrize(
    ('old', 'given', 'value'),
    [
        # numbers
        (8, '16', 16),
        (8, '1e5', 100000),
        (8, '0.5', 0.5),
        (0.5, '1', 1.0),
        (0.5, '1e-3', 1e-3),
        (8, '[1,2]', [1, 2]),
        (8, '(1,2)', (1, 2)),
        (8, 'None', None),
        # flags
        (True, 'False', False),
        (False, 'true', True),
        (True, 'None', None),
        # text
        ('b', '2024', '2024'),
        ('b', '1e5', '1e5'),
        ('b', 'True', 'True'),
        ('b', 'a, b', 'a, b'),
        ('b', '"8"', '8'),
        ('b', '[a,b]', ['a', 'b']),
        ('b', 'dict(depth=12)', {'depth': 12}),
        ('b', '(x', '(x'),
        ('weights/x.pth', '[1].pth', '[1].pth'),
        ('b', 'None', None),
        # lists
        ([1, 2], '[3,4]', [3, 4]),
        ([1, 2], '3,4', [3, 4]),
        ([1, 2], '(3,4)', (3, 4)),
        ((1, 2), '3,4', (3, 4)),
        ((0.9, 0.95), '(1,0)', (1.0, 0.0)),
        ([1, 2], '3', 3),
        ([1, 2], 'None', None),
        ([(1, 2), (3, 4)], '[(5,6)]', [(5, 6)]),
        (['a'], '[2024, 1e5]', ['2024', '1e5']),
        (['a'], 'b', 'b'),
        (['a', 1], '[2]', [2]),
        ([], '[dict(type=A)]', [{'type': 'A'}]),
        ([dict(type='A')], 'dict(type=B)', {'type': 'B'}),
        # dicts
        (dict(a=0.5), 'dict(a=1)', {'a': 1.0}),
        (dict(a=0.5), '[{a: 1}]', [{'a': 1}]),
        (dict(a=0.5), 'None', None),
        # nothing is known
        (None, '8', 8),
        (None, '1e-3', 1e-3),
        (None, 'word', 'word'),
        (None, '1,2', [1, 2]),
        (None, '(1,2)', (1, 2)),
        (None, 'a/b,c', 'a/b,c'),
        (None, 'f(x', 'f(x'),
        (None, 'dict(type=A)', {'type': 'A'}),
    ],
)
def test_the_kind_that_the_key_has_decides(old, given, value):
    result = read(given, old)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ('old', 'given', 'check', 'value'),
    [
        ('dynamic', '512.', either(one_of('dynamic'), number(1)), 512.0),
        (512.0, 'dynamic', either(one_of('dynamic'), number(1)), 'dynamic'),
        (None, '2024', either(text, nothing), '2024'),
        ([1], '3', lambda value: None if isinstance(value, list) else 'a list', [3]),
    ],
)
def test_what_the_key_may_be_decides_first(old, given, check, value):
    assert read(given, old, check=check) == value


@pytest.mark.parametrize(
    ('old', 'given', 'sentence'),
    [
        (8, 'x', "model.x must be a number, not 'x'."),
        (8, 'True', "model.x must be a number, not 'True'."),
        (8, '[a]', 'must be a number'),
        (0.5, 'dict(a=1)', 'must be a number'),
        (0.5, '', 'must be a number'),
        (True, '1', 'must be True or False'),
        ([1, 2], 'x', 'must be a list'),
        ([1, 2], '[x]', 'must be a list'),
        ([dict(type='A')], '[1]', 'must be a list'),
        (dict(a=1), 'x', 'must be a dict'),
        (dict(a=1), '[1]', 'must be a dict'),
        (8, '[(1,2', "model.x: '[(1,2' can not be read: its brackets do not match."),
        (8, '(1,2]', 'can not be read'),
        (None, '[(1,2', 'can not be read'),
    ],
)
def test_another_kind_is_one_sentence(old, given, sentence):
    with pytest.raises(ConfigError) as caught:
        read(given, old)
    assert str(caught.value).startswith('--cfg-options: model.x')
    assert sentence in str(caught.value)


def test_what_is_known_of_the_key_is_said():
    with pytest.raises(ConfigError, match=r"must be a whole number of at least 1, not '0'"):
        read('0', 8, check=whole(1))
