import numpy as np
import pytest

from sslrecipes.errors import DataError
from sslrecipes.registry import TRANSFORMS


@pytest.mark.parametrize('shape', [(20, 31), (40, 20), (20, 20)])
def test_a_crop_larger_than_the_image_is_named(shape):
    crop = TRANSFORMS.build(dict(type='CenterCrop', crop_size=32))
    with pytest.raises(DataError, match=rf'crop of 32 x 32 is larger than a\.png, {shape[1]} x {shape[0]} pixels'):
        crop({'img': np.zeros((*shape, 3), np.uint8), 'img_path': 'a.png'})


def test_what_fits_is_cropped_and_what_may_be_padded_is_padded():
    image = np.arange(36 * 40 * 3, dtype=np.uint32).astype(np.uint8).reshape(36, 40, 3)
    crop = TRANSFORMS.build(dict(type='CenterCrop', crop_size=32))
    assert (crop({'img': image})['img'] == image[2:34, 4:36]).all()
    padded = TRANSFORMS.build(dict(type='CenterCrop', crop_size=50, auto_pad=True))
    assert padded({'img': image})['img'].shape == (50, 50, 3)
