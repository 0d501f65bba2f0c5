import mmengine
import pytest

from sslrecipes.config.loading import load_config
from sslrecipes.errors import ConfigError


@pytest.mark.parametrize(
    'text',
    [
        'a: !!python/object/apply:os.system ["touch canary"]',
        'a: !!python/name:os.system',
        'a: !!python/module:os',
        'a: !!python/object/new:os.system ["touch canary"]',
        'a: [',
    ],
)
@pytest.mark.parametrize('name', ['a.yaml', 'a.yml'])
def test_yaml_runs_nothing(tmp_path, monkeypatch, text, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match='no YAML of plain values'):
        mmengine.load(name)
    with pytest.raises(ConfigError):
        load_config(name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_values_are_read(tmp_path):
    (tmp_path / 'a.yml').write_text('a: {b: [1, 2.5, x]}')
    assert mmengine.load(tmp_path / 'a.yml') == {'a': {'b': [1, 2.5, 'x']}}
