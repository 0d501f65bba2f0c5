import base64
from io import BytesIO

import pytest
from PIL import Image

from sslrecipes.errors import DataError
from sslrecipes.visualization.embedding import embedded_file


def content(picture):
    return base64.b64decode(picture.address.partition(',')[2])


@pytest.mark.parametrize(
    ('name', 'size', 'shown'),
    [
        ('a.png', (32, 16), (320, 160, True)),
        ('b.jpg', (200, 100), (320, 160, False)),
        ('c.png', (400, 10), (400, 10, False)),
    ],
)
def test_files_are_taken_in_as_they_are(tmp_path, name, size, shown):
    Image.new('RGB', size, (200, 0, 0)).save(tmp_path / name)
    picture = embedded_file(tmp_path / name)
    assert content(picture) == (tmp_path / name).read_bytes()
    assert (picture.width, picture.height, picture.small) == shown
    assert picture.address.startswith(f'data:image/{"png" if name.endswith("png") else "jpeg"};base64,')


@pytest.mark.parametrize(('mode', 'name'), [('RGB', 'a.jpg'), ('P', 'a.png'), ('RGBA', 'a.png')])
def test_very_large_ones_are_made_smaller(tmp_path, mode, name):
    Image.new(mode, (3000, 1000)).save(tmp_path / name)
    picture = embedded_file(tmp_path / name)
    assert Image.open(BytesIO(content(picture))).size == (picture.width, picture.height) == (2000, 667)


@pytest.mark.parametrize('data', [b'', b'<svg onload="x()"/>', b'\x89PNG\r\n\x1a\n cut'])
def test_what_is_no_picture_is_named(tmp_path, data):
    (tmp_path / 'a.png').write_bytes(data)
    with pytest.raises(DataError, match=r'a\.png" can not be shown: no whole PNG or JPEG picture'):
        embedded_file(tmp_path / 'a.png')


def test_a_cut_picture_and_a_folder_are_named(tmp_path):
    Image.effect_noise((64, 64), 50).save(tmp_path / 'a.png')
    (tmp_path / 'a.png').write_bytes((tmp_path / 'a.png').read_bytes()[:900])
    with pytest.raises(DataError, match='no whole PNG or JPEG picture'):
        embedded_file(tmp_path / 'a.png')
    with pytest.raises(DataError, match='can not be shown'):
        embedded_file(tmp_path)
