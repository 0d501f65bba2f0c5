import os

import pytest

from sslrecipes.checkpoint.files.superseded import free_path, keep_aside, name_before, numbered_folder, set_aside
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.errors import StorageError


def texts(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_nothing_that_was_set_aside_is_written_over(tmp_path):
    for text in 'abc':
        (tmp_path / 'epoch_1.pth').write_text(text)
        assert name_before(set_aside(tmp_path / 'epoch_1.pth')) == tmp_path / 'epoch_1.pth'
    assert name_before(tmp_path / 'epoch_1.pth') == tmp_path / 'epoch_1.pth'
    assert texts(tmp_path) == {
        'epoch_1.pth.superseded': 'a',
        'epoch_1.pth.superseded-2': 'b',
        'epoch_1.pth.superseded-3': 'c',
    }


def test_nothing_to_set_aside(tmp_path):
    assert set_aside(tmp_path / 'nothing') is None
    assert list(tmp_path.iterdir()) == []


def test_folders_and_broken_links_are_set_aside_too(tmp_path):
    (tmp_path / 'vis').mkdir()
    (tmp_path / 'link').symlink_to('nowhere')
    assert set_aside(tmp_path / 'vis').is_dir()
    assert set_aside(tmp_path / 'link').is_symlink()


@pytest.mark.parametrize('links', [True, False])
def test_a_file_to_be_replaced_is_there_all_the_time(tmp_path, monkeypatch, links):
    def refuse(*_):
        raise OSError('no links here')

    if not links:
        monkeypatch.setattr(os, 'link', refuse)
    path = tmp_path / 'epoch_1.pth'
    for text in 'ab':
        path.write_text(text)
        keep_aside(path)
        path.unlink()
    assert texts(tmp_path) == {'epoch_1.pth.superseded': 'a', 'epoch_1.pth.superseded-2': 'b'}


def test_free_names_keep_the_suffix(tmp_path):
    names = []
    for _ in range(3):
        path = free_path(tmp_path / 'iter_7_rank_0.pth')
        path.touch()
        names.append(path.name)
    assert names == ['iter_7_rank_0.pth', 'iter_7_rank_0-2.pth', 'iter_7_rank_0-3.pth']


def test_folders_of_their_own(tmp_path):
    assert [numbered_folder(tmp_path / 'run' / '20260101_000000').name for _ in range(2)] == [
        '20260101_000000',
        '20260101_000000-2',
    ]
    (tmp_path / 'file').touch()
    with pytest.raises(StorageError, match='can not be made'):
        numbered_folder(tmp_path / 'file' / '20260101_000000')


def test_a_folder_that_another_process_makes_meanwhile(tmp_path, monkeypatch):
    def free_a_moment_ago(path):
        found = free_path(path)
        if found.name == 'run':
            found.mkdir()
        return found

    monkeypatch.setattr('sslrecipes.checkpoint.files.superseded.free_path', free_a_moment_ago)
    assert numbered_folder(tmp_path / 'run').name == 'run-2'


def test_writing_keeps_what_is_different(tmp_path):
    for text in 'aabca':
        write_atomic(tmp_path / 'mae.py', lambda file, text=text: file.write_text(text), keep_other=True)
    assert texts(tmp_path) == {
        'mae.py': 'a', 'mae.py.superseded': 'a', 'mae.py.superseded-2': 'b', 'mae.py.superseded-3': 'c',
    }  # fmt: skip
