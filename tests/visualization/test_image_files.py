import os

import numpy as np
import pytest
import torch
from PIL import Image

from sslrecipes.datasets.images.decoding import decode_image
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.visualization import image_files
from sslrecipes.visualization.image_files import find_images, load_squares, read_rgb


def test_a_folder_stands_for_its_images(pictures):
    assert [file.name for file in find_images([pictures], limit=9)] == ['a.png', 'b.JPG']
    assert [file.name for file in find_images([pictures / 'b.JPG', pictures], limit=2)] == ['b.JPG', 'a.png']


def test_a_folder_within_is_no_image(pictures):
    (pictures / 'album.png').mkdir()
    assert [file.name for file in find_images([pictures], limit=9)] == ['a.png', 'b.JPG']


def test_what_is_left_out_is_told(pictures, monkeypatch):
    told = []
    monkeypatch.setattr(image_files, 'print_log', lambda text, *_: told.append(text))
    (pictures / 'album').mkdir()
    (pictures / '.hidden').touch()
    find_images([pictures], limit=1)
    find_images([pictures / 'a.png'], limit=1)
    notes = 'only the first 1 taken (limit), 1 other file left out (1 .txt), 1 subfolder not looked into'
    assert told == [f'2 images found: {notes}']


@pytest.mark.parametrize('limit', [0, -1])
def test_at_least_one_image_is_wanted(pictures, limit):
    with pytest.raises(ConfigError, match=f'limit.* must be at least 1, not {limit}'):
        find_images([pictures], limit)


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(DataError, match=r'no such image or folder: ".*nowhere"'):
        find_images([tmp_path / 'nowhere'], limit=1)
    with pytest.raises(DataError, match='no image file in'):
        find_images([tmp_path], limit=1)


def test_pictures_of_any_size_become_square_bgr(pictures):
    images = load_squares(find_images([pictures], limit=9), size=16)
    assert images.shape == (2, 3, 16, 16)
    assert images.dtype == torch.uint8
    assert images[0, :, 8, 8].tolist() == [0, 100, 200]


def test_the_centre_is_kept(tmp_path):
    array = np.zeros((10, 30, 3), np.uint8)
    array[:, 10:20] = 255
    Image.fromarray(array).save(tmp_path / 'wide.png')
    assert (load_squares([tmp_path / 'wide.png'], size=10)[..., 1:-1] == 255).all()


def test_the_camera_orientation_is_applied(tmp_path):
    array = np.zeros((10, 10, 3), np.uint8)
    array[:5] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    Image.fromarray(array).save(tmp_path / 'turned.png', exif=exif)
    image = np.asarray(read_rgb(tmp_path / 'turned.png'))
    assert (image[:5] == 0).all()
    assert (image[5:] == 255).all()


@pytest.mark.parametrize(
    ('mode', 'name'),
    [
        ('1', 'x.png'),
        ('L', 'x.jpg'),
        ('LA', 'x.png'),
        ('P', 'x.gif'),
        ('RGBA', 'x.webp'),
        ('CMYK', 'x.jpg'),
        ('I;16', 'x.png'),
    ],
)
def test_whatever_trains_can_be_shown(tmp_path, mode, name):
    Image.new(mode, (8, 8)).save(tmp_path / name)
    assert np.array_equal(read_rgb(tmp_path / name), decode_image((tmp_path / name).read_bytes())[..., ::-1])


def test_a_pipe_is_not_opened(pictures):
    os.mkfifo(pictures / 'c.png')
    with pytest.raises(DataError, match=r'c\.png" as an image: unreadable: no regular file'):
        load_squares(find_images([pictures], limit=9), size=16)


def test_files_that_are_no_whole_image_are_named(pictures):
    cut = pictures / 'cut.jpg'
    cut.write_bytes((pictures / 'b.JPG').read_bytes()[:-50])
    for file, reason in ((pictures / 'notes.txt', 'no picture'), (cut, 'cut off'), (pictures / 'none.png', 'No such')):
        with pytest.raises(DataError, match=rf'cannot read ".*{file.name}" as an image: .*{reason}'):
            read_rgb(file)
