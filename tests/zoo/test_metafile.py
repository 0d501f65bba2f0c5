import pytest

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.metafile import read_metafile


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / 'metafile.yml').write_text(text)
        return read_metafile(tmp_path / 'metafile.yml')

    return read


def test_a_mapping_inherits_one_other_and_its_own_keys_win(read):
    recipe = read('base: &base {lr: 1.92, epochs: 200}\nheir: {lr: 1.2, <<: *base}\n')['heir']
    assert recipe == {'lr': 1.2, 'epochs': 200}


def test_a_mapping_may_inherit_one_that_inherits(read):
    text = 'a: &a {lr: 1, epochs: 2}\nb: &b {<<: *a, lr: 3}\nc: {<<: *b, epochs: 4}\nd: {<<: *b}\n'
    assert [read(text)[name] for name in 'cd'] == [{'lr': 3, 'epochs': 4}, {'lr': 3, 'epochs': 2}]


def test_merging_several_mappings_at_once_is_refused(read):
    with pytest.raises(ConfigError, match=r'metafile\.yml:3: "<<" must name one mapping\.'):
        read('a: &a {lr: 1}\nb: &b {lr: 2}\nheir: {<<: [*a, *b]}\n')


@pytest.mark.parametrize('text', ['lr: 1\nlr: 2\n', 'a: &a {x: 1}\nlr: {y: 1,\n  y: 2}\n', '? lr\n: 1\n? lr\n: 2\n'])
def test_a_key_given_twice_is_refused(read, text):
    with pytest.raises(ConfigError, match=r'metafile\.yml:\d: the key "(lr|y)" is given twice\.'):
        read(text)


def test_two_merges_into_one_mapping_are_refused(read):
    with pytest.raises(ConfigError, match='the key "<<" is given twice'):
        read('a: &a {lr: 1}\nb: &b {lr: 2}\nheir:\n  <<: *a\n  <<: *b\n')


@pytest.mark.parametrize('text', ['Models: [', 'x: *unknown\n', 'x: !!python/object/apply:os.system [true]\n', '\x00'])
def test_what_is_no_plain_yaml_is_one_sentence(read, text):
    with pytest.raises(ConfigError, match=r'metafile\.yml'):
        read(text)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"can't be read"):
        read_metafile(tmp_path / 'metafile.yml')
