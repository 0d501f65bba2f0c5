import numpy as np

from sslrecipes.registry import TRANSFORMS


def transformed(image):
    return TRANSFORMS.build(dict(type='StandardizedGrey', std=50, noise=4.0))({'img': image.astype(np.uint8)})['img']


def test_colour_brightness_and_contrast_are_gone():
    pattern = np.random.default_rng(0).integers(0, 100, (24, 24, 1))
    grey, dark, tinted = (
        np.round(pattern * factors + offset) for factors, offset in (((1,) * 3, 100), (0.5, 10), ((2, 1, 0.5), 0))
    )
    outcomes = [transformed(np.broadcast_to(image, (24, 24, 3))).astype(float) for image in (grey, dark, tinted)]
    for outcome in outcomes:
        assert outcome.shape == (24, 24, 3)
        assert (outcome == outcome[..., :1]).all()
        assert abs(outcome.mean() - 128) < 1
        assert 35 < outcome.std() < 50
        assert np.corrcoef(outcome.ravel(), outcomes[0].ravel())[0, 1] > 0.99


def test_an_even_image_stays_even():
    assert (transformed(np.full((8, 8, 3), 7)) == 128).all()
