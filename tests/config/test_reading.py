import os
from pathlib import Path

import pytest

from sslrecipes.config.reading import read_config
from sslrecipes.errors import ConfigError


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write config files into an empty folder, which becomes the working directory."""
    monkeypatch.chdir(tmp_path)

    def write_files(**files):
        for name, text in files.items():
            (tmp_path / f'{name}.py').write_text(text)

    return write_files


@pytest.mark.parametrize(
    ('files', 'sentence'),
    [
        (dict(mine='a = 1\nb = (\n'), '"mine.py" is not valid Python: line 2: '),
        (dict(mine="_base_ = 'bas.py'", base='a = 1'), 'mine.py:1: _base_: there is no file "bas.py". Did you mean '),
        (dict(mine="_base_ = ['base.py']", base='a = 1\nb ='), '"base.py" is not valid Python: line 2: '),
        (dict(mine="_base_ = 'base.py'", base="\n_base_ = 'none.py'"), 'base.py:2: _base_: there is no file "none.py"'),
        (
            dict(mine="_base_ = 'a.py'", a="_base_ = 'b.py'", b="_base_ = 'a.py'"),
            'in a circle: mine.py -> a.py -> b.py -> a.py.',
        ),
        (dict(mine="_base_ = 'mine.py'"), 'in a circle: mine.py -> mine.py.'),
        (dict(mine="_base_ = 'nopackage::x/y.py'"), 'mine.py:1: _base_: there is no config "nopackage::x/y.py"'),
        (
            dict(mine="_base_ = 'sslrecipes::_base_/schedules/lars_bs1024_coslr_sslight.py'"),
            'does not exist. Did you mean "sslrecipes::_base_/schedules/sslight/lars_bs1024_coslr.py"?',
        ),
        (dict(mine="_base_ = 'mmpretrain::_base_/models/no.py'"), 'mine.py:1: _base_: there is no config "mmpretrain'),
        (dict(mine='a = 1\nb = a + c'), '"mine.py:2" can not be resolved: NameError: name '),
        (dict(mine="_base_ = 'base.py'", base='\n\na = 1 / 0'), '"base.py:3" can not be resolved: ZeroDivisionError: '),
        (dict(mine="a = 1\n__import__('nothing_like_it')"), '"mine.py:2" imports a module that is not found'),
        (dict(mine="_base_ = 'base.py'", base='\nimport nothing_like_it'), '"base.py:2" imports a module that is not'),
        (dict(mine='import os.nothing'), '"mine.py:1" imports a module that is not found: os has no module "nothing".'),
        (dict(mine='\nfrom os import nothing'), "\"mine.py:2\" can not import: cannot import name 'nothing' from 'os'"),
        (dict(mine='_base_ = 3'), 'mine.py:1: _base_ is 3, but must be the name of a config file, or a list of names.'),
        (dict(mine="\n_base_ = ('a.py', 'b.py')"), "mine.py:2: _base_ is ('a.py', 'b.py'), but must be the name of a"),
        (dict(mine="_base_: str = 'a.py'"), 'mine.py:1: only one plain assignment, _base_ = ..., is understood.'),
        (dict(mine="_base_ = []\n_base_ += ['a.py']"), 'mine.py:2: only one plain assignment'),
        (dict(mine="_base_ = []\nif True:\n    _base_ = 'a.py'"), 'mine.py:3: only one plain assignment'),
        (dict(mine='_base_ = None'), 'mine.py:1: _base_ is None, but must be'),
        (dict(mine="_base_ = ['a.py', 1]"), "mine.py:1: _base_ is ['a.py', 1], but must be"),
        (dict(mine='import sys\nsys.exit(0)'), '"mine.py:2" ends the program: a config only sets options.'),
        (dict(mine="_base_ = 'base.py'", base='raise SystemExit'), '"base.py:1" ends the program'),
        (
            dict(mine="with open('mine.py') as file:\n    a = 1"),
            'which a name of the file still holds: delete it at the',
        ),
        (dict(mine='a = []\na.append(a)'), 'can not be resolved: RecursionError'),
        (
            dict(mine="_base_ = ['a.py', 'b.py']", a='x = 1', b='x = 2'),
            "can not be resolved: Duplicate key is not allowed among bases. Duplicate keys: {'x'}.",
        ),
    ],
    ids=str,
)
def test_a_config_that_does_not_resolve_is_one_sentence_with_its_file(write, files, sentence):
    write(**files)
    with pytest.raises(ConfigError) as caught:
        read_config('mine.py')
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ('name', 'text', 'sentence'),
    [
        ('mine.json', '[1, 2]', '"mine.json" holds a list, but a config is a dict of options.'),
        ('mine.json', '3', '"mine.json" holds a int, but a config is a dict of options.'),
        ('mine.yaml', '- a\n- b\n', '"mine.yaml" holds a list, but a config is a dict of options.'),
        ('mine.yml', '', '"mine.yml" holds nothing, but a config is a dict of options.'),
        ('mine.json', '{"_base_": 3}', '"mine.json": _base_ is 3, but must be the name of a config file'),
        ('mine.json', '{"a": ', '"mine.json" can not be resolved: JSONDecodeError: '),
        ('mine.yaml', '1: 2', '"mine.yaml": 1 is no name that an option can have.'),
    ],
)
def test_values_that_are_no_options(write, tmp_path, name, text, sentence):
    write()
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(name)
    assert sentence in str(caught.value)


def test_a_file_that_is_no_text_is_named(write, tmp_path):
    write()
    (tmp_path / 'mine.py').write_bytes(b'a = "\xff\xfe"')
    with pytest.raises(ConfigError, match=r'mine\.py'):
        read_config('mine.py')


def test_a_missing_config_names_the_nearest_in_the_folders_below(write, tmp_path):
    write()
    (tmp_path / 'configs/mae').mkdir(parents=True)
    (tmp_path / 'configs/mae/mae_vit_300e.py').write_text('')
    with pytest.raises(ConfigError, match=r'no config file "configs/mae_vit_300e\.py".*mean "configs/mae/mae_vit_300e'):
        read_config('configs/mae_vit_300e.py')


def test_custom_modules_are_left_alone(write):
    write(mine="custom_imports = dict(imports=['nothing_like_it'])")
    assert read_config('mine.py').custom_imports.imports == ['nothing_like_it']


def test_a_pipe_is_no_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo('pipe.py')
    Path('mine.py').write_text("_base_ = 'pipe.py'\n")
    with pytest.raises(ConfigError, match=r'^mine\.py:1: _base_: "pipe\.py" is no regular file\.$'):
        read_config('mine.py')
    with pytest.raises(ConfigError, match=r'^The config "pipe\.py" is no regular file\.$'):
        read_config('pipe.py')
