"""A config's text reads back to the same config."""

import math

import pytest
from mmengine.config import Config

from sslrecipes.compat.config_text import WIDTH, config_text

VALUES = [
    (float('inf'), -float('inf'), 1e-300, 1.5e-4 * 16),
    [None, True, 0, -1, 2 + 1j, b'\x00a'],
    [
        "it's",
        'a "b"',
        'both \' and "',
        'back\\slash',
        'new\nline',
        '\udce9',
        '{{ fileDirname }}',
        '{{{{',
        '{{$HOME:x}}',
    ],
    (),
    (1,),
    [(1,), [], {}, ()],
    {1, 'a', (2,)},
    dict(a=dict(), b=[dict(c=(1, 2))]),
    {'no name': 1, "it's": 2, 'class': 3, 4: 5, (6, 7): 8, None: 9, 1.5: 0},
    dict(lambda_=1, _scope_='x', _delete_=False),
    [dict(type='X', values=list(range(60)), nested=[[dict(deep='y' * 70)] * 2] * 2)],
    'a long text ' * 30,
]


@pytest.mark.parametrize('value', VALUES, ids=range(len(VALUES)))
def test_text_reads_back_to_the_same_values(value):
    cfg = Config(dict(value=value, inside=dict(value=[value])))
    again = Config.fromstring(cfg.pretty_text, '.py')
    assert again.to_dict() == cfg.to_dict()


def test_not_a_number_is_written_so_that_it_is_read():
    assert math.isnan(Config.fromstring(config_text(dict(a=[math.nan])), '.py').a[0])


def test_order_is_kept_and_lines_are_short():
    text = config_text(dict(z=dict(b=1, a=2), a=[dict(type='X', name='y' * 50)] * 3))
    assert text.splitlines()[0] == 'z = dict(b=1, a=2)'
    assert text.splitlines()[1:3] == ['a = [', f"    dict(type='X', name='{'y' * 50}'),"]
    assert max(map(len, text.splitlines())) <= WIDTH


def test_every_config_of_mmengine_writes_itself_so(tmp_path):
    cfg = Config(dict(a=float('inf')))
    cfg.dump(tmp_path / 'config.py')
    assert Config.fromfile(tmp_path / 'config.py').a == cfg.a
