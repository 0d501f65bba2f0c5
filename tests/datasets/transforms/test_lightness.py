import numpy as np
import pytest
from skimage.color import rgb2lab

from sslrecipes.datasets.transforms import Lightness
from sslrecipes.errors import DataError


def test_all_channels_are_the_lightness():
    image = np.random.randint(0, 256, (7, 5, 3), dtype=np.uint8)
    grey = Lightness()({'img': image.copy()})['img']
    assert (grey.dtype, grey.shape) == (np.uint8, image.shape)
    assert (grey == grey[..., :1]).all()
    assert np.abs(grey[..., 0] - 2.55 * rgb2lab(image[..., ::-1])[..., 0]).max() < 1


def test_white_and_black_stay():
    image = np.stack([np.zeros((2, 3)), np.full((2, 3), 255)]).astype(np.uint8)
    assert (Lightness()({'img': image.copy()})['img'] == image).all()


def test_grey_images_get_three_channels():
    image = np.random.randint(0, 256, (7, 5), dtype=np.uint8)
    assert (Lightness()({'img': image})['img'] == Lightness()({'img': np.stack([image] * 3, axis=-1)})['img']).all()


@pytest.mark.parametrize('image', [np.zeros((7, 5, 4), np.uint8), np.zeros((7, 5, 3), np.uint16), np.zeros((0, 5))])
def test_other_images_are_refused(image):
    with pytest.raises(DataError, match=r'Lightness needs images \(H, W, 3\) of bytes; a.png is'):
        Lightness()({'img': image, 'img_path': 'a.png'})
