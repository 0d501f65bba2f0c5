import ast
from pathlib import Path

import pytest
from mmengine.config import Config

from sslrecipes.config.loading import load_config
from sslrecipes.config.provenance import settings
from sslrecipes.config.reading import read_config
from sslrecipes.paths.user_paths import expand_home, one_line, printable, user_file, user_path

TOOLS = sorted((Path(__file__).parents[2] / 'tools').glob('*.py'))
#: Arguments of the tools that are texts, but no paths.
WORDS = {
    '--add-prefix',
    '--fusion',
    '--category',
    '--weights',
    '--partition',
    '--prefix',
    '--method',
    '--pool',
    '--only',
    '--device',
    '--from',
    '--to',
    '--format',
    '--patch-colours',
    '--cfg-options',
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    return str(tmp_path)


def test_the_home_folder_stands_for_a_tilde_at_the_beginning_only(home):
    assert user_path('~/a') == f'{home}/a'
    assert user_file('~') == Path(home)
    for text in ('a/~/b', 'https://host/~user/a', '~nobody-of-this-name/a', '', '-x'):
        assert user_path(text) == text


def test_paths_are_found_in_every_part_of_a_config(home):
    cfg = Config(
        dict(
            load_from='~/a',
            lists=[dict(data_root='~/b', data_prefix=dict(img='~/c'), ann_file='d')],
            pair=('~/e', 1),
            untouched=(1, 'x'),
        )
    )
    expand_home(cfg)
    assert cfg.load_from == f'{home}/a'
    assert cfg.lists[0] == dict(data_root=f'{home}/b', data_prefix=dict(img=f'{home}/c'), ann_file='d')
    assert cfg.pair == (f'{home}/e', 1)
    assert cfg.untouched == (1, 'x')


def test_configs_are_read_with_the_home_folder_in_their_paths(tmp_path, home):
    (tmp_path / 'base.py').write_text("data_root = '~/data'\nwork_dir = '~/runs'\nload_from = None\n")
    (tmp_path / 'mine.py').write_text(
        "_base_ = 'base.py'\nmodel = dict(type='MAE', init_cfg=dict(checkpoint='~/x.pth'))\n"
    )
    cfg = load_config('~/mine.py', {'load_from': '~/y.pth'})
    assert (cfg.data_root, cfg.work_dir, cfg.load_from) == (f'{home}/data', f'{home}/runs', f'{home}/y.pth')
    assert cfg.model.init_cfg.checkpoint == f'{home}/x.pth'
    assert settings(tmp_path / 'mine.py')['work_dir'].origin.source.endswith('base.py')


def test_what_lies_in_the_home_folder_follows_the_data_root(tmp_path):
    text = "data_root = '~/data'\ntest_evaluator = dict(ann_file='~/data/val.json')\n"
    (tmp_path / 'mine.py').write_text(text)
    cfg = read_config(tmp_path / 'mine.py', {'data_root': '/elsewhere'})
    assert cfg.test_evaluator.ann_file == '/elsewhere/val.json'


@pytest.mark.parametrize('tool', TOOLS, ids=lambda tool: tool.stem)
def test_every_text_argument_of_a_tool_is_a_path_or_known_to_be_none(tool):
    calls = [node for node in ast.walk(ast.parse(tool.read_text())) if isinstance(node, ast.Call)]
    for call in calls:
        if getattr(call.func, 'attr', '') == 'add_argument':
            name, given = call.args[0].value, {keyword.arg for keyword in call.keywords}
            assert given & {'type', 'action', 'choices'} or name in WORDS, f'{tool.name}: {name}'


@pytest.mark.parametrize(
    ('name', 'line', 'shown'),
    [
        ('plain ä', 'plain ä', 'plain ä'),
        ('a\tb\nc\rd', 'a\\tb\\nc\\rd', 'a\\tb\\nc\\rd'),
        ('caf\udce9', 'caf\udce9', 'caf\\udce9'),
        (Path('-x'), '-x', '-x'),
    ],
)
def test_any_name_fits_into_a_line_and_into_a_picture(name, line, shown):
    assert one_line(name) == line
    assert printable(name) == shown
