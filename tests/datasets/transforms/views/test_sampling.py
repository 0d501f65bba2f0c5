import random

import numpy as np
import pytest
from PIL import Image
from torchvision import transforms as tv

from sslrecipes.datasets.transforms.views.sampling import JITTERS, ViewDistribution, draw_box, draw_jitter

NUMBER = 3000
GLOBAL = ViewDistribution(224, (0.14, 1.0), jitter=(0.4, 0.4, 0.2, 0.1), blur=0.1, solarize=0.2)


def same_distribution(ours, theirs):
    """Kolmogorov-Smirnov at p of about 0.001."""
    grid = np.unique(np.concatenate([ours, theirs]))
    ranks = [np.searchsorted(np.sort(values), grid, side='right') / len(values) for values in (ours, theirs)]
    return np.abs(ranks[0] - ranks[1]).max() < 0.05


@pytest.mark.parametrize('scale', [(0.14, 1.0), (0.05, 0.14)])
@pytest.mark.parametrize('shape', [(32, 32), (375, 500), (33, 500), (500, 33)])
def test_boxes_are_distributed_as_torchvisions(shape, scale):
    picture = Image.new('RGB', shape[::-1])
    ours = np.array([draw_box(*shape, scale) for _ in range(NUMBER)])
    tops, lefts, heights, widths = np.array(
        [tv.RandomResizedCrop.get_params(picture, scale, [3 / 4, 4 / 3]) for _ in range(NUMBER)]
    ).T
    theirs = np.stack([lefts, tops, lefts + widths, tops + heights], axis=1)
    assert all(same_distribution(ours[:, side], theirs[:, side]) for side in range(4))


@pytest.mark.parametrize('shape', [(1, 1), (1, 900), (900, 1), (2, 3), (33, 500)])
def test_boxes_have_pixels_and_lie_inside(shape):
    for _ in range(200):
        left, top, right, bottom = draw_box(*shape, (0.05, 1.0))
        assert 0 <= left < right <= shape[1]
        assert 0 <= top < bottom <= shape[0]


@pytest.mark.parametrize(('shape', 'box'), [((10, 100), (43, 0, 56, 10)), ((100, 10), (0, 43, 10, 56))])
def test_a_long_image_falls_back_to_the_largest_central_box(shape, box):
    assert draw_box(*shape, (1.0, 1.0)) == box


def test_jitter_is_distributed_as_torchvisions():
    strengths = (0.4, 0.4, 0.2, 0.1)
    jitter = tv.ColorJitter(*strengths)
    ranges = jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue
    ours = [draw_jitter(strengths) for _ in range(NUMBER)]
    theirs = [tv.ColorJitter.get_params(*ranges) for _ in range(NUMBER)]
    for number, name in enumerate(JITTERS):
        assert same_distribution(
            np.array([dict(drawn)[name] for drawn in ours]), np.array([drawn[1 + number] for drawn in theirs])
        )
        for place in range(4):
            share = np.mean([drawn[place][0] == name for drawn in ours])
            assert abs(share - 0.25) < 0.04


def test_factors_are_never_negative_and_strengths_of_zero_are_left_out():
    drawn = [draw_jitter((1.5, 0.0, 0.0, 0.5)) for _ in range(200)]
    assert {len(one) for one in drawn} == {2}
    assert min(dict(one)['brightness'] for one in drawn) >= 0
    assert min(dict(one)['hue'] for one in drawn) < 0


def test_each_change_has_its_probability():
    drawn = [GLOBAL.draw(375, 500) for _ in range(NUMBER)]
    for attribute, probability in dict(flip=0.5, jitter=0.8, grey=0.2, blur=0.1, solarize=0.2).items():
        assert abs(np.mean([bool(getattr(view, attribute)) for view in drawn]) - probability) < 0.04, attribute
    radii = np.array([view.blur for view in drawn if view.blur is not None])
    assert 0.1 <= radii.min() < 0.3
    assert 1.8 < radii.max() <= 2.0


@pytest.mark.parametrize('certain', [0.0, 1.0])
def test_none_and_one_are_certain(certain):
    view = ViewDistribution(8, (0.1, 1.0), (0.4,) * 4, certain, certain, certain, certain, certain)
    for _ in range(200):
        params = view.draw(20, 20)
        assert {params.flip, bool(params.jitter), params.grey, params.blur is not None, params.solarize} == {
            bool(certain)
        }


def test_one_generator_decides_all():
    random.seed(3)
    first = [GLOBAL.draw(375, 500) for _ in range(20)]
    random.seed(3)
    assert [GLOBAL.draw(375, 500) for _ in range(20)] == first
