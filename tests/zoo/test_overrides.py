import pytest
from mmengine.config import Config

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.overrides import override


def config():
    return Config(dict(a=dict(b=[dict(c=1)], d=2)))


def test_overrides_are_merged():
    cfg = config()
    assert override(cfg, {'a.b.0.c': 5, 'a.new': 3}) == {'a.b[0].c': 5, 'a.new': 3}
    assert cfg.a == dict(b=[dict(c=5)], d=2, new=3)


@pytest.mark.parametrize(
    ('key', 'sentence'),
    {
        'x': 'no key "x"',
        'a.bb.c': 'no key "a.bb". Did you mean "b"',
        'a.b.1': '"a.b.1" must be an index below 1',
        'a.b.\N{SUPERSCRIPT TWO}': 'must be an index below 1',
        'a.d.e': '"a.d.e" is inside "a.d", which is 2',
    }.items(),
)
def test_they_must_name_what_is_there(key, sentence):
    with pytest.raises(ConfigError) as caught:
        override(config(), {key: 1})
    assert sentence in str(caught.value)
