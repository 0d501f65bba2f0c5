import pytest

from sslrecipes.config.rules.checks import boolean, either, nothing, number, one_of, several, whole


@pytest.mark.parametrize(
    ('check', 'good', 'bad'),
    [
        (whole(1), [1, 10**9], [0, 1.0, '1', True, None, [1]]),
        (whole(0, below=4), [0, 3], [4, -1]),
        (number(0), [0, 0.5, 1e-300], [-1e-9, float('nan'), float('inf'), '1', True, None]),
        (number(0, below=1), [0, 0.999], [1, 1.0]),
        (boolean, [True, False], [0, 1, 'True', None]),
        (one_of('a', None, 1), ['a', None, 1], ['b', True, 1.0]),
        (several(number(0, below=1), 2), [(0.9, 0.95), [0, 0]], [(0.9,), (0.9, 1.0), (0.9, 0.9, 0.9), 0.9, '00']),
        (either(whole(1), nothing), [1, None], [0, 'x']),
    ],
)
def test_good_values_pass_and_bad_ones_are_told_what_is_allowed(check, good, bad):
    assert [check(value) for value in good] == [None] * len(good)
    assert all(isinstance(check(value), str) for value in bad)


def test_what_is_allowed_reads_as_a_sentence():
    assert either(whole(1), nothing)('x') == 'a whole number of at least 1 or None'
    assert several(number(0, below=1), 2)(3) == '2 values, each a number of at least 0 and below 1'
    assert one_of('float16', 'bfloat16')('half') == "'float16' or 'bfloat16'"
