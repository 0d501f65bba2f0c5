import os
from pathlib import Path

import pytest

from sslrecipes.datasets import ImageFolder, image_folder
from sslrecipes.errors import DataError


def names(dataset: ImageFolder, folder: Path) -> list[str]:
    return [str(Path(dataset[index]['img_path']).relative_to(folder)) for index in range(len(dataset))]


def test_images_are_found_at_any_depth_in_any_case(tmp_path, write_images, monkeypatch):
    lines = []
    monkeypatch.setattr(image_folder, 'print_log', lambda text, **_: lines.append(text))
    write_images(tmp_path, 'b.PNG', 'a.jpg', 'deep/er/c.Webp', 'deep/d.TIFF', 'train/e.jpeg')
    write_images(tmp_path, '.hidden.png', '.thumbnails/f.png', 'deep/.ipynb_checkpoints/g.png')
    for name in ('notes.txt', 'deep/labels.csv'):
        (tmp_path / name).write_text('no image')
    dataset = ImageFolder(str(tmp_path))
    assert names(dataset, tmp_path) == ['a.jpg', 'b.PNG', 'deep/d.TIFF', 'deep/er/c.Webp', 'train/e.jpeg']
    assert '5 images, 2 other files left out (1 .txt, 1 .csv)' in lines[0]
    assert str(tmp_path) in repr(dataset)


def test_linked_folders_are_followed(tmp_path, write_images):
    elsewhere = write_images(tmp_path / 'elsewhere', 'a.png')
    folder = tmp_path / 'data'
    folder.mkdir()
    (folder / 'link').symlink_to(elsewhere)
    assert names(ImageFolder(str(folder)), folder) == ['link/a.png']


def test_samples_go_through_a_pipeline(tmp_path, write_images):
    write_images(tmp_path, 'a.png', size=(20, 30))
    sample = ImageFolder(str(tmp_path), pipeline=[dict(type='LoadImageOrSkip'), dict(type='PackInputs')])[0]
    assert sample['inputs'].shape == (3, 20, 30)
    assert 'gt_label' not in sample['data_samples']


def test_the_home_folder_is_understood(tmp_path, write_images, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    write_images(tmp_path / 'images', 'a.png')
    assert len(ImageFolder('~/images')) == 1


def test_errors_name_the_folder_and_the_way_out(tmp_path, write_images):
    with pytest.raises(DataError, match=r'absent" does not exist: set data_root'):
        ImageFolder(str(tmp_path / 'absent'))
    with pytest.raises(DataError, match='holds no image'):
        ImageFolder(str(tmp_path))
    file = write_images(tmp_path, 'a.png') / 'a.png'
    with pytest.raises(DataError, match='is a file'):
        ImageFolder(str(file))
    write_images(tmp_path, 'train/b.png', 'val/c.png')
    with pytest.raises(DataError, match=r'splits train and val.*set data_root to one of them, e\.g\. ".*train"'):
        ImageFolder(str(tmp_path))


def test_each_folder_is_visited_once(tmp_path, write_images, monkeypatch):
    lines = []
    monkeypatch.setattr(image_folder, 'print_log', lambda text, **_: lines.append(text))
    folder = write_images(tmp_path / 'data/train', 'a/1.png', 'a/deep/2.png', 'b/3.png', '.store/4.png')
    write_images(tmp_path / 'elsewhere', '5.png')
    for link, target in {
        'a/up': '..',
        'a/deep/above': '../../..',
        'a/other': '../b',
        'c': '../../elsewhere',
        'd': '../../elsewhere',
        'e': '.store',
        '../../elsewhere/back': '../data',
    }.items():
        (folder / link).symlink_to(target)
    (folder / 'loop').symlink_to('loop')
    found = ['a/1.png', 'a/deep/2.png', 'b/3.png', 'c/5.png', 'e/4.png']
    assert names(ImageFolder(str(folder)), folder) == found
    left_out = '1 other file left out (1 without an ending), 5 links to folders visited anyway left out'
    assert f'5 images, {left_out}' in lines[0]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path, write_images, monkeypatch):
    write_images(tmp_path, 'a/1.png', 'b/2.png')
    scandir = os.scandir

    def guarded(folder):
        if str(folder).endswith('/b'):
            raise PermissionError(13, 'Permission denied')
        return scandir(folder)

    monkeypatch.setattr(os, 'scandir', guarded)
    with pytest.raises(DataError, match=r'/b" can not be listed: Permission denied'):
        ImageFolder(str(tmp_path))
