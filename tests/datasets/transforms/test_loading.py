import pytest

from sslrecipes.datasets import ImageFolder
from sslrecipes.datasets.transforms import LoadImageOrSkip, loading


@pytest.fixture
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(loading, 'print_log', lambda text, **_: found.append(text))
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
    assert 'gone.png' in lines[0]


def test_a_good_file_is_loaded(tmp_path, write_images, lines):
    write_images(tmp_path, 'a.png', size=(8, 9))
    results = LoadImageOrSkip()({'img_path': str(tmp_path / 'a.png')})
    assert results['img'].shape == (8, 9, 3)
    assert results['ori_shape'] == (8, 9)
    assert lines == []


def test_the_data_set_replaces_a_damaged_image(tmp_path, write_images, lines):
    write_images(tmp_path, 'b.png')
    (tmp_path / 'a.png').write_bytes(b'damaged')
    dataset = ImageFolder(str(tmp_path), pipeline=[dict(type='LoadImageOrSkip')])
    assert dataset[0]['img_path'].endswith('b.png')
