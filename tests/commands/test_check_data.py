"""The tool, from its command line to its exit code."""

import importlib.util
import json
from pathlib import Path

import pytest

from sslrecipes.commands import check_data

TOOL = Path(__file__).parents[2] / 'tools/check_data.py'


@pytest.fixture
def check(capsys):
    """Return a function that runs the tool and returns (exit code, stdout, stderr)."""
    spec = importlib.util.spec_from_file_location('check_data', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            tool.main([*map(str, arguments), '--workers', '2'])
        return ended.value.code or 0, *capsys.readouterr()

    run.tool = tool
    return run


def test_a_clean_folder(check, tmp_path, write_images):
    write_images(tmp_path, 'train/cat/1.png', 'train/dog/2.png', 'val/cat/3.png', 'val/dog/4.png')
    code, out, err = check(tmp_path)
    assert code == 0
    assert '4 images, 0 other files' in out
    assert 'images/s per process' in out
    assert err == ''


def test_problems_are_listed_in_both_formats(check, tmp_path, write_images):
    folder = write_images(tmp_path / 'data', 'cat/1.png', 'dog/2.png', 'dog/[b]3.png')
    (folder / 'dog/[b]3.png').write_bytes(b'text')
    assert check(folder, '--out', tmp_path / 'bad.txt')[0] == 1
    assert (tmp_path / 'bad.txt').read_text() == f"{folder}/dog/[b]3.png\tno picture: it begins with b'text'\n"
    code, out, _ = check(folder, '--out', tmp_path / 'report.json')
    assert code == 1
    assert 'dog/[b]3.png: no picture' in out
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['images'] == 3
    assert report['classes'] == {'': {'cat': 1, 'dog': 2}}
    assert list(report['bad']) == ['dog/[b]3.png']


def test_the_list_has_a_line_per_file_whatever_its_name(check, tmp_path, write_images):
    folder = write_images(tmp_path / 'data', 'cat/1.png')
    for name in ('a\nb.png', 'caf\udce9.png', '-x.png'):
        (folder / 'cat' / name).write_bytes(b'')
    assert check(folder, '--out', tmp_path / 'bad.txt')[0] == 1
    lines = (tmp_path / 'bad.txt').read_text(errors='surrogateescape').splitlines()
    assert lines == [f'{folder}/cat/{name}\tempty file' for name in ('-x.png', 'a\\nb.png', 'caf\udce9.png')]


def test_options_reach_the_scan(check, tmp_path, write_images):
    write_images(tmp_path, 'a.png', size=(40, 50))
    assert check(tmp_path, '--min-side', 40)[0] == 0
    assert check(tmp_path, '--min-side', 41)[0] == 1
    assert check(tmp_path, '--max-pixels', 1999)[0] == 1


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        (('absent',), 'error: The folder "absent" does not exist.\n'),
        (('.', '--workers', '0'), 'error: --workers must be at least 1, not 0.\n'),
        (('.', '--out', 'absent/list.txt'), 'error: The folder of --out "absent/list.txt" does not exist.\n'),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(check, tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        check.tool.main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err == sentence


def test_lines_tell_how_far_it_is_where_there_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr(check_data, 'SECONDS_BETWEEN_LINES', -1)
    show = check_data.progress(200)
    show(50)
    assert capsys.readouterr().err.startswith('50 of 200 files  ')


def test_the_exit_codes_are_explained(check):
    assert 'Exit code: 0 nothing wrong, 1 ' in check('--help')[1]


def test_an_image_is_not_written_over(check, tmp_path, write_images):
    folder = write_images(tmp_path / 'data', 'cat/1.png')
    code, _, err = check(folder, '--out', folder / 'cat/1.png')
    assert (code, err) == (2, f'error: "{folder}/cat/1.png" is read and would be written over: give another OUT.\n')
