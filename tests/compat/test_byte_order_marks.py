import codecs

import pytest

from sslrecipes.config.loading import load_config
from sslrecipes.config.reading import read_config

PYTHON = "_base_ = ['base{suffix}']\nname = '{{{{ fileBasenameNoExtension }}}}'\nown = {{{{ _base_.there }}}}\n"
FILES = {
    '.py': (PYTHON, "there = 'é'\n"),
    '.json': ('{{"_base_": "base{suffix}", "name": "a", "own": {{{{ _base_.there }}}}}}', '{{"there": "é"}}'),
    '.yaml': ('_base_: base{suffix}\nname: a\nown: {{{{ _base_.there }}}}\n', 'there: é\n'),
}


@pytest.mark.parametrize('marked', ['a', 'base', 'both'])
@pytest.mark.parametrize('suffix', FILES)
def test_a_config_and_its_bases_may_begin_with_a_mark(tmp_path, suffix, marked):
    for name, text in zip(('a', 'base'), FILES[suffix], strict=True):
        mark = codecs.BOM_UTF8 if marked in (name, 'both') else b''
        text = text.format(suffix=suffix) if name == 'a' or suffix == '.json' else text
        (tmp_path / (name + suffix)).write_bytes(mark + text.encode())
    cfg = read_config(tmp_path / f'a{suffix}')
    assert (cfg.own, cfg.name, set(cfg)) == ('é', 'a', {'own', 'name', 'there'})
    cfg.dump(tmp_path / 'copy.py')
    assert not (tmp_path / 'copy.py').read_bytes().startswith(codecs.BOM_UTF8)
    assert load_config(tmp_path / 'copy.py').to_dict() == cfg.to_dict()
