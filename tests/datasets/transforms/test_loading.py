import errno

import numpy as np
import pytest

from sslrecipes.datasets import ImageFolder
from sslrecipes.datasets.images import bad_samples
from sslrecipes.datasets.transforms import LoadImageOrSkip, loading
from sslrecipes.errors import ConfigError, DataError


@pytest.fixture
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(bad_samples, 'print_log', lambda text, **_: found.append(text))
    return found


@pytest.mark.parametrize('content', [b'', b'no image at all', b'\x89PNG\r\n\x1a\n cut off'])
def test_an_unreadable_file_is_skipped_and_named_once(tmp_path, lines, content):
    path = tmp_path / 'bad.png'
    path.write_bytes(content)
    load = LoadImageOrSkip()
    assert load({'img_path': str(path)}) is None
    assert load({'img_path': str(path)}) is None
    assert len(lines) == 1
    assert f'"{path}"' in lines[0]


def test_a_missing_file_is_skipped(tmp_path, lines):
    assert LoadImageOrSkip()({'img_path': str(tmp_path / 'gone.png')}) is None
    assert 'gone.png": unreadable: No such file' in lines[0]


def test_a_good_file_is_loaded(tmp_path, write_images, lines):
    write_images(tmp_path, 'a.png', size=(8, 9))
    results = LoadImageOrSkip()({'img_path': str(tmp_path / 'a.png')})
    assert results['img'].shape == (8, 9, 3)
    assert results['img_shape'] == results['ori_shape'] == (8, 9)
    assert lines == []
    again = LoadImageOrSkip(to_float32=True, color_type='grayscale')({'img_path': str(tmp_path / 'a.png')})
    assert again['img'].dtype == np.float32
    assert again['img'].shape == (8, 9)


def test_a_picture_that_is_too_large_is_skipped(tmp_path, write_images, lines):
    write_images(tmp_path, 'a.png', size=(8, 9))
    assert LoadImageOrSkip(max_pixels=71)({'img_path': str(tmp_path / 'a.png')}) is None
    assert 'too large: 9 x 8 pixels' in lines[0]


def test_a_machine_without_handles_or_memory_is_not_the_fault_of_the_file(monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EMFILE, 'Too many open files')

    monkeypatch.setattr(loading.fileio, 'get', fail)
    with pytest.raises(OSError, match='Too many open files'):
        LoadImageOrSkip()({'img_path': 'a.png'})


def test_a_folder_that_is_gone_ends_the_run(tmp_path, write_images, lines):
    folder = write_images(tmp_path, *[f'{n}.png' for n in range(4)])
    dataset = ImageFolder(str(folder), pipeline=[dict(type='LoadImageOrSkip')])
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r'100 images one after the other are bad.*No such file'):
        dataset[0]
    assert len(lines) == 4


@pytest.mark.parametrize(('key', 'value'), [('color_type', 'colour'), ('imdecode_backend', 'pil')])
def test_unknown_choices_are_refused(key, value):
    with pytest.raises(ConfigError, match=f'{key} must be one of .*not "{value}". Did you mean'):
        LoadImageOrSkip(**{key: value})
