import pytest

from sslrecipes.errors import ConfigError
from sslrecipes.studies.placeholders import filled, names_in, whole_name


def test_a_text_that_is_one_name_becomes_the_value_itself():
    known = dict(size=32, name='vit')
    assert filled('{size}', known) == 32
    assert filled('mae/{name}_{size}', known) == 'mae/vit_32'
    assert filled({'a': ['{size}', ('{name}', 1)], 'b': 0.5}, known) == {'a': [32, ('vit', 1)], 'b': 0.5}
    assert filled('{{size}}', known) == '{size}'


def test_names_are_found_everywhere():
    assert set(names_in({'a': ['{size}', ('x{name}', 1)], 'b': None})) == {'size', 'name'}
    assert whole_name('{size}') == 'size'
    assert whole_name('{size}px') == whole_name(3) == ''


@pytest.mark.parametrize('text', ['{', '}', 'a}b', '{size', '{}', '{siz}', '{size.real}', '{0}'])
def test_braces_that_name_nothing(text):
    with pytest.raises(ConfigError):
        filled(text, dict(size=32))
