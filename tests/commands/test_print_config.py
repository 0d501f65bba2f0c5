import pytest

from sslrecipes.commands.print_config import as_json, as_text, listed, print_settings
from sslrecipes.config.provenance import settings
from sslrecipes.errors import ConfigError


@pytest.fixture
def found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'mine.py').write_text(
        "optimizer = dict(lr=1e-3,\n                 betas=(0.9, 0.95))\nsteps = [dict(type='Load')]\nempty = dict()"
    )
    return settings('mine.py', {'optimizer.lr': 2})


def test_lists_of_plain_values_are_one_row(found):
    assert [place for place, _ in listed(found)] == ['optimizer.lr', 'optimizer.betas', 'steps[0].type', 'empty']


def test_a_list_that_two_wrote_is_shown_item_by_item(found):
    rows = listed(settings('mine.py', {'optimizer.betas': [0.5, 0.5]}), 'optimizer.betas')
    assert [str(setting.origin) for _, setting in rows] == ['--cfg-options']
    rows = listed({**found, 'optimizer.betas[1]': found['optimizer.lr']}, 'optimizer.betas')
    assert [place for place, _ in rows] == ['optimizer.betas[0]', 'optimizer.betas[1]']


def test_one_part(found):
    assert [place for place, _ in listed(found, 'optimizer.betas')] == ['optimizer.betas']
    assert [place for place, _ in listed(found, 'optimizer.betas[1]')] == ['optimizer.betas[1]']
    with pytest.raises(ConfigError, match=r'no key "optimzer"\. Did you mean "optimizer"'):
        listed(found, 'optimzer')


def test_text_is_aligned_and_grouped(found):
    assert as_text(listed(found)).splitlines() == [
        'optimizer.lr     2            --cfg-options',
        'optimizer.betas  (0.9, 0.95)  mine.py:2',
        '',
        "steps[0].type    'Load'       mine.py:3",
        '',
        'empty            {}           mine.py:4',
    ]


def test_json_says_the_same(found):
    assert as_json(listed(found, 'optimizer')) == [
        {'place': 'optimizer.lr', 'value': 2, 'source': '--cfg-options', 'line': None},
        {'place': 'optimizer.betas', 'value': [0.9, 0.95], 'source': 'mine.py', 'line': 2},
    ]


def test_the_table_names_value_and_origin(found, capsys):
    print_settings(listed(found))
    printed = capsys.readouterr().out
    assert all(word in printed for word in ('optimizer.betas', '(0.9, 0.95)', 'mine.py:2'))
