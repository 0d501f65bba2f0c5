import pytest

from sslrecipes.config.literals import LiteralError, read_literal


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('8', 8),
        ('-1', -1),
        ('1e-3', 1e-3),
        (' 5 ', 5),
        ('True', True),
        ('false', False),
        ('None', None),
        ('none', 'none'),
        ('', ''),
        ('word', 'word'),
        ('two words', 'two words'),
        ("don't", "don't"),
        ('"8"', '8'),
        ("'a,b'", 'a,b'),
        ('1,2', [1, 2]),
        ('5,', [5]),
        ('a, b c,None', ['a', 'b c', None]),
        ('[]', []),
        ('[ ]', []),
        ('()', ()),
        ('(1,)', (1,)),
        ('(1, 2)', (1, 2)),
        ('[(1,2,3),[a,b],c]', [(1, 2, 3), ['a', 'b'], 'c']),
        ('(1,2),(3,4)', [(1, 2), (3, 4)]),
        ("['a,b','8', \"(\"]", ['a,b', '8', '(']),
        ('dict()', {}),
        ('dict(type=X, scale=(1,2), inner=dict(a=None))', {'type': 'X', 'scale': (1, 2), 'inner': {'a': None}}),
        ("{'a': 1, b: [2]}", {'a': 1, 'b': [2]}),
        ('dict(url=http://x/y?a=b)', {'url': 'http://x/y?a=b'}),
        ('[dict(type=A), {"type": B}]', [{'type': 'A'}, {'type': 'B'}]),
    ],
)
def test_values(text, value):
    read = read_literal(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ('text', 'reason'),
    {
        '[(1,2': 'its brackets do not match',
        '(1,2]': 'its brackets do not match',
        '[1](2)': 'its brackets do not match',
        '[1]x': 'its brackets do not match',
        'a)': 'its brackets do not match',
        '1,,2': 'an item between its commas is empty',
        '[,1]': 'an item between its commas is empty',
        'dict(1)': '"1" is no key=value',
        '{a}': '"a" is no key:value',
        '{:1}': '":1" is no key:value',
        '[' * 99 + ']' * 99: 'too many brackets are in each other',
    }.items(),
)
def test_what_can_not_be_read(text, reason):
    with pytest.raises(LiteralError, match=reason):
        read_literal(text)


def test_words_stay_words_on_demand():
    assert read_literal('[2024, 1e5]', str) == ['2024', '1e5']
