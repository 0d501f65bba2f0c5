import numpy as np
import pytest

from sslrecipes.errors import DataError
from sslrecipes.registry import TRANSFORMS


@pytest.mark.parametrize('shape', [(20, 31), (40, 20), (20, 20)])
@pytest.mark.parametrize('padding', [None, 4])
def test_a_crop_larger_than_the_image_is_named(shape, padding):
    crop = TRANSFORMS.build(dict(type='RandomCrop', crop_size=32, padding=padding))
    with pytest.raises(DataError, match=rf'crop of 32 x 32 is larger than a\.png, {shape[1]} x {shape[0]} pixels'):
        crop({'img': np.zeros((*shape, 3), np.uint8), 'img_path': 'a.png'})


@pytest.mark.parametrize('options', [dict(), dict(padding=4), dict(pad_if_needed=True)])
def test_what_fits_is_cropped(options):
    image = np.random.default_rng(0).integers(0, 256, (36, 40, 3), dtype=np.uint8)
    for side in (32, 36, *([44] if options else [])):
        crop = TRANSFORMS.build(dict(type='RandomCrop', crop_size=side, **options))
        assert crop({'img': image})['img'].shape == (side, side, 3)
