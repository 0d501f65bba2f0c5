import numpy as np
from skimage.color import rgb2lab

from sslrecipes.datasets.transforms import Lightness


def test_all_channels_are_the_lightness():
    image = np.random.randint(0, 256, (7, 5, 3), dtype=np.uint8)
    grey = Lightness()({'img': image.copy()})['img']
    assert (grey.dtype, grey.shape) == (np.uint8, image.shape)
    assert (grey == grey[..., :1]).all()
    assert np.abs(grey[..., 0] - 2.55 * rgb2lab(image[..., ::-1])[..., 0]).max() < 1


def test_white_and_black_stay():
    image = np.stack([np.zeros((2, 3)), np.full((2, 3), 255)]).astype(np.uint8)
    assert (Lightness()({'img': image.copy()})['img'] == image).all()
