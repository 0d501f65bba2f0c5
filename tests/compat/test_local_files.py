import os

import pytest
from mmengine import fileio
from mmpretrain.datasets import CustomDataset

from sslrecipes.compat import local_files
from sslrecipes.compat.local_files import forget_last_read, last_read, read_regular, subfolders


@pytest.fixture
def files():
    """Function that makes empty files."""

    def make(folder, *names):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        return folder

    return make


def test_the_stack_lists_each_folder_once(tmp_path, files):
    folder = files(tmp_path / 'train', 'a/1.png', 'a/deep/2.png', 'b/3.png')
    (folder / 'a/up').symlink_to('..')
    (folder / 'circle').symlink_to('.')
    dataset = CustomDataset(data_root=str(tmp_path), data_prefix='train')
    labelled = {
        (info['img_path'].removeprefix(f'{folder}/'), info['gt_label']) for info in map(dataset.get_data_info, range(3))
    }
    assert labelled == {('a/1.png', 0), ('a/deep/2.png', 0), ('b/3.png', 1)}
    assert len(dataset) == 3
    assert dataset.metainfo['classes'] == ('a', 'b')
    assert subfolders(folder) == (['a', 'b'], ['circle'])
    unlabelled = CustomDataset(data_root=str(folder), with_label=False)
    assert len(unlabelled) == 3


def test_a_link_in_a_circle_is_told(tmp_path, files, monkeypatch):
    lines = []
    monkeypatch.setattr(local_files, 'print_log', lambda text, *_: lines.append(text))
    (files(tmp_path, 'a/1.png') / 'circle').symlink_to('.')
    for recursive in (False, True):
        assert list(fileio.list_dir_or_file(str(tmp_path), list_file=False, recursive=recursive)) == ['a']
    assert lines == 2 * [f'"{tmp_path}/circle" leads to a folder that is visited anyway: left out']


def test_options_of_listing_are_those_of_the_stack(tmp_path, files):
    files(tmp_path, 'a/1.png', '2.png', '.hidden/3.png', '.4.png')
    (tmp_path / 'a/5.txt').write_text('')

    def listed(**options):
        return sorted(fileio.list_dir_or_file(str(tmp_path), **options))

    assert listed() == ['.hidden', '2.png', 'a']
    assert listed(list_file=False) == ['.hidden', 'a']
    assert listed(list_dir=False, recursive=True) == ['.hidden/3.png', '2.png', 'a/1.png', 'a/5.txt']
    assert listed(list_dir=False, recursive=True, suffix=('.txt', '.jpg')) == ['a/5.txt']


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / 'pipe.jpg')
    (tmp_path / 'device.jpg').symlink_to('/dev/zero')
    (tmp_path / 'folder.jpg').mkdir()
    for name in ('pipe.jpg', 'device.jpg', 'folder.jpg'):
        for read in (fileio.get, fileio.get_text, read_regular):
            with pytest.raises(OSError, match='no regular file'):
                read(str(tmp_path / name))


def test_text_and_bytes_are_read_as_upstream_and_remembered(tmp_path):
    (tmp_path / 'a.txt').write_bytes('ä\r\nb'.encode())
    forget_last_read()
    assert last_read() is None
    assert fileio.get(tmp_path / 'a.txt') == 'ä\r\nb'.encode()
    assert fileio.get_text(str(tmp_path / 'a.txt')) == 'ä\nb'
    assert last_read() == str(tmp_path / 'a.txt')
