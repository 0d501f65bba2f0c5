import pytest

from sslrecipes.config.loading import import_components, load_config
from sslrecipes.errors import ConfigError, exit_on_user_error


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.py').write_text('\nrandomness = dict(seed=-1)')
    (tmp_path / 'mine.py').write_text("_base_ = 'base.py'\nmodel = dict(type='MAE')")


def message(main, capsys):
    with pytest.raises(SystemExit) as stop:
        exit_on_user_error(main)()
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_errors_name_the_file_that_set_the_value(mine, capsys):
    error = message(lambda: load_config('mine.py'), capsys)
    assert error.startswith('error: randomness.seed is -1, but must be ')
    assert error.endswith(' (set in base.py:2)\n')


def test_errors_name_the_override(mine, capsys):
    error = message(lambda: load_config('mine.py', {'randomness.seed': 'x'}), capsys)
    assert error.endswith(' (set by --cfg-options)\n')


def test_later_errors_about_a_loaded_config_do_so_too(mine, capsys):
    def main():
        load_config('mine.py', {'randomness.seed': 0})
        raise ConfigError('model.neck is missing.', 'model.neck')

    assert message(main, capsys) == 'error: model.neck is missing. (set in mine.py:2)\n'


def test_errors_without_a_place_and_errors_without_a_config_stay_as_they_are(mine, capsys):
    def without_place():
        load_config('mine.py', {'randomness.seed': 0})
        raise ConfigError('No.')

    def without_config():
        raise ConfigError('No.', 'model')

    assert message(without_place, capsys) == 'error: No.\n'
    assert message(without_config, capsys) == 'error: No.\n'


@pytest.mark.parametrize(
    ('module', 'sentence'),
    [
        ('sslrecipes.nothing', 'imports a module that is not found: sslrecipes has no module "nothing".'),
        ('nothing_like_it', "imports a module that is not found (No module named 'nothing_like_it')"),
        ('broken_one', "can not import: cannot import name 'nothing' from 'os'"),
    ],
)
def test_why_a_module_can_not_be_imported(mine, tmp_path, monkeypatch, module, sentence):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / 'broken_one.py').write_text('from os import nothing')
    with (tmp_path / 'mine.py').open('a') as file:
        file.write(f"\ncustom_imports = dict(imports=['{module}'])")
    with pytest.raises(ConfigError) as caught:
        import_components(load_config('mine.py', {'randomness.seed': 0}))
    assert sentence in str(caught.value)


def test_what_can_not_be_meant_is_found_before_modules_are_imported(mine, tmp_path):
    with (tmp_path / 'mine.py').open('a') as file:
        file.write("\ncustom_imports = dict(imports=['nothing_like_it'])")
    with pytest.raises(ConfigError, match=r'randomness\.seed'):
        load_config('mine.py')
    with pytest.raises(ConfigError, match='PYTHONPATH'):
        load_config('mine.py', {'randomness.seed': 0})


def test_a_study_is_no_recipe(tmp_path):
    (tmp_path / 'study.py').write_text("title = 'A comparison'\nstages = dict(one=dict(recipe='a'))\n")
    with pytest.raises(
        ConfigError, match=r'is a study of several trainings, no recipe: give it to tools/run_study\.py'
    ):
        load_config(tmp_path / 'study.py')
