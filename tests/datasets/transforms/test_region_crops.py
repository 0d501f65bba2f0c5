from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import default_collate

from sslrecipes.config.reading import read_config
from sslrecipes.datasets.transforms import MultiCrop, RegionCrops, RegionOfIndex
from sslrecipes.datasets.transforms.region_crops import region_boxes
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import DATASETS, TRANSFORMS

VIEWS = Path(__file__).parents[3] / 'configs/_base_/views/w2ssl/regions.py'


def random_image(height, width):
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
@pytest.mark.parametrize('regions', [2, 4])
def test_views_stand_in_order_and_inside_their_regions(regions, backend):
    crops = RegionCrops(regions=regions, montage_size=32, backend=backend)
    boxes = np.array(region_boxes(regions, 101, 60, 0.3) * 2)
    for _ in range(20):
        results = crops({'img': random_image(60, 101)})
        assert [view.shape for view in results['img']] == [(16, 16, 3)] * 2 * regions
        assert results['img_shape'] == [(16, 16)] * 2 * regions
        assert results['ori_shape'] == (60, 101)
        assert results['view_ids'].tolist() == list(range(2 * regions))
        assert results['crop_flips'].shape == (2 * regions,)
        crop = results['crop_boxes']
        assert (crop[:, :2] >= boxes[:, :2]).all()
        assert (crop[:, 2:] <= boxes[:, 2:]).all()
        share = np.prod(crop[:, 2:] - crop[:, :2], axis=1) / np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        assert share.min() > 0.17


@pytest.mark.parametrize('overlap', [0.0, 0.1, 0.3, 0.5])
@pytest.mark.parametrize('width', [2, 7, 40, 33])
def test_regions_reach_from_their_side_beyond_the_middle(width, overlap):
    left, right = region_boxes(2, width, 10, overlap)
    assert left[0] == 0
    assert right[2] == width
    assert left[1::2] == right[1::2] == (0, 10)
    assert 0 <= right[0] <= left[2] <= width
    assert left[2] - right[0] == pytest.approx(2 * overlap * width, abs=1)


def test_bounds_are_rounded_to_even_halves():
    assert region_boxes(2, 25, 4, 0.3) == [(0, 0, 20, 4), (4, 0, 25, 4)]  # 19.5 and 4.5


def test_each_view_has_its_own_probabilities():
    crops = RegionCrops()
    drawn = [[view.draw(100, 100) for view in crops.views] for _ in range(1000)]
    blurred = np.mean([[view.blur is not None for view in views] for views in drawn], 0)
    solarised = np.mean([[view.solarize for view in views] for views in drawn], 0)
    flipped = np.mean([[view.flip for view in views] for views in drawn], 0)
    assert np.abs(blurred - [1.0, 1.0, 0.1, 0.1]).max() < 0.05
    assert np.abs(solarised - [0.0, 0.0, 0.2, 0.2]).max() < 0.06
    assert np.abs(flipped - 0.5).max() < 0.07


@pytest.mark.parametrize('flipped', [False, True])
def test_flips_are_told(flipped):
    results = RegionCrops(montage_size=8, flip_prob=float(flipped))({'img': random_image(20, 30)})
    assert results['crop_flips'].tolist() == [flipped] * 4


def test_defaults_are_those_of_the_published_recipe():
    views = read_config(VIEWS).views.to_dict()
    published = TRANSFORMS.build(views)
    assert vars(TRANSFORMS.build(dict(type=views['type']))) == vars(published)
    assert (RegionOfIndex().regions, RegionOfIndex().overlap) == (published.regions, published.overlap)


def test_batches_are_lists_of_views():
    views = dict(type='RegionCrops', montage_size=16)
    pipeline = [views, dict(type='PackInputs', meta_keys=('crop_boxes',))]
    data = DATASETS.build(dict(type='PhotoTiles', split='train', tile_size=64, pipeline=pipeline))
    inputs = default_collate([data[0], data[1]])['inputs']
    assert [tuple(view.shape) for view in inputs] == [(2, 3, 8, 8)] * 4


@pytest.mark.parametrize(('size', 'regions', 'region'), [((1, 30), 2, 'left'), ((30, 1), 4, 'left-top')])
@pytest.mark.parametrize('kind', [RegionCrops, RegionOfIndex])
def test_images_too_small_for_their_regions_are_named(kind, size, regions, region):
    width, height = size
    with pytest.raises(DataError, match=f'a.jpg, {width} x {height} pixels, is too small for .* the {region} one'):
        kind(regions=regions)({'img': random_image(height, width), 'img_path': 'a.jpg', 'sample_idx': 1})


def test_images_of_two_columns_are_enough():
    assert len(RegionCrops(montage_size=8)({'img': random_image(5, 2)})['img']) == 4


@pytest.mark.parametrize('options', [
    dict(regions=3), dict(regions=2.0), dict(overlap=0.6), dict(overlap=-0.1), dict(montage_size=225),
    dict(blur=(1.0,)), dict(solarize=(0, 2)), dict(region_scale=(0.5, 0.2)), dict(backend='cv'),
])  # fmt: skip
def test_options_that_can_not_be_meant(options):
    (name,) = options
    with pytest.raises(ConfigError, match=f'RegionCrops.{name} is'):
        TRANSFORMS.build(dict(type='RegionCrops', **options))


def test_pictures_that_are_none_are_refused_as_by_multi_crop():
    for crops in (MultiCrop(), RegionCrops()):
        with pytest.raises(DataError, match=f'{type(crops).__name__} needs images'):
            crops({'img': np.zeros((4, 4), np.float32)})
        with pytest.raises(DataError, match=f'{type(crops).__name__}: an image is empty'):
            crops({'img': np.zeros((0, 4, 3), np.uint8)})


@pytest.mark.parametrize('regions', [2, 4])
def test_samples_show_their_regions_in_turn(regions):
    image, boxes = random_image(20, 30), region_boxes(regions, 30, 20, 0.2)
    for index in range(2 * regions):
        results = RegionOfIndex(regions, overlap=0.2)({'img': image, 'sample_idx': index, 'gt_label': 7})
        left, top, right, bottom = boxes[index % regions]
        assert results['gt_label'] == index % regions
        assert (results['img'] == image[top:bottom, left:right]).all()
        assert results['img_shape'] == (bottom - top, right - left)
