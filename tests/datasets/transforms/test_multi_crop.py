import copy
import random
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from mmengine.runner import Runner

from sslrecipes.datasets import seeded
from sslrecipes.datasets.seeding import Draw
from sslrecipes.datasets.transforms import MultiCrop
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import DATASETS, MODELS, TRANSFORMS

META = ('sample_idx', 'img_path', 'ori_shape', 'img_shape', 'crop_boxes', 'crop_flips', 'view_ids')
SMALL = dict(type='MultiCrop', global_size=16, local_size=12, num_locals=3)


def random_image(height, width, *channels):
    return np.random.default_rng(height).integers(0, 256, (height, width, *channels), dtype=np.uint8)


def tiles(crop, **dataset):
    pipeline = [crop, dict(type='PackInputs', meta_keys=META)]
    return dict(type='PhotoTiles', split='train', tile_size=64, pipeline=pipeline, **dataset)


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
@pytest.mark.parametrize('num_locals', [0, 6, 10])
def test_views_and_their_crops_stand_in_order(backend, num_locals):
    results = MultiCrop(backend=backend, num_locals=num_locals)({'img': random_image(375, 500, 3)})
    sizes = [224, 224] + [96] * num_locals
    assert [view.shape for view in results['img']] == [(size, size, 3) for size in sizes]
    assert results['img_shape'] == [(size, size) for size in sizes]
    assert results['ori_shape'] == (375, 500)
    assert results['crop_boxes'].shape == (len(sizes), 4)
    assert results['crop_boxes'].dtype == np.float32
    assert results['crop_flips'].shape == (len(sizes),)
    assert results['view_ids'].tolist() == list(range(len(sizes)))


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
def test_boxes_and_flips_are_those_of_the_pixels(backend):
    columns, rows = np.meshgrid(np.linspace(0, 255, 300), np.linspace(0, 255, 200))
    image = np.stack([columns, rows, columns], -1).round().astype(np.uint8)
    crop = MultiCrop(global_size=32, local_size=16, jitter=(0, 0, 0, 0), grey_prob=0, blur=(0, 0, 0),
                     solarize=(0, 0, 0), backend=backend)  # fmt: skip
    results = crop({'img': image})
    assert len({*map(bool, results['crop_flips'])}) == 2
    for view, (left, top, right, bottom), flip in zip(
        results['img'], results['crop_boxes'], results['crop_flips'], strict=True
    ):
        upright = view[:, ::-1] if flip else view
        middle = upright.astype(float).mean((0, 1))
        assert middle[0] == pytest.approx((left + right - 1) / 2 / 299 * 255, abs=1.5)
        assert middle[1] == pytest.approx((top + bottom - 1) / 2 / 199 * 255, abs=1.5)
        assert (upright[:, -1, 0] > upright[:, 0, 0]).all()


def test_each_place_has_its_own_probabilities():
    crop = MultiCrop(blur=(1.0, 0.1, 0.5), solarize=(0.0, 0.2, 0.0), num_locals=2)
    drawn = [[view.draw(100, 100) for view in crop.views] for _ in range(1000)]
    blurred = np.mean([[view.blur is not None for view in views] for views in drawn], 0)
    solarised = np.mean([[view.solarize for view in views] for views in drawn], 0)
    assert np.abs(blurred - [1.0, 0.1, 0.5, 0.5]).max() < 0.06
    assert np.abs(solarised - [0.0, 0.2, 0.0, 0.0]).max() < 0.05


def test_scales_are_those_of_the_place():
    crop = MultiCrop(global_scale=(0.3, 1.0), local_scale=(0.05, 0.3), num_locals=1)
    boxes = np.array([crop({'img': random_image(100, 120, 3)})['crop_boxes'] for _ in range(50)])
    areas = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]) / 12000
    assert areas[:, :2].min() > 0.28
    assert areas[:, 2].max() < 0.32
    assert areas[:, 2].min() > 0.04


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
@pytest.mark.parametrize('shape', [(1, 1), (3, 200), (5, 4), (40, 50), (40, 50, 1)])
def test_small_and_grey_images(backend, shape):
    results = MultiCrop(backend=backend)({'img': random_image(*shape)})
    assert {view.shape for view in results['img']} == {(224, 224, 3), (96, 96, 3)}
    if shape[-1] == 1:  # grey but for the roundings of OpenCV's colours
        assert max(np.ptp(view.astype(int), axis=-1).max() for view in results['img']) <= 4


@pytest.mark.parametrize(
    ('image', 'sentence'),
    [
        (np.zeros((0, 5, 3), np.uint8), 'a.png is empty, 5 x 0 pixels'),
        (np.zeros((5, 5, 3), np.float32), r'needs images \(H, W, 3\) of bytes; a.png is .* of float32'),
        (np.zeros((5, 5, 4), np.uint8), r'a.png is \(5, 5, 4\)'),
    ],
)
def test_what_is_no_image_is_refused(image, sentence):
    with pytest.raises(DataError, match=sentence):
        MultiCrop()({'img': image, 'img_path': 'a.png'})


@pytest.mark.parametrize(
    'options', [dict(global_scale=(0.3, 1.2)), dict(num_locals=-1), dict(blur=0.5), dict(interpolation='box')], ids=str
)
def test_options_that_cannot_be_meant_are_refused(options):
    with pytest.raises(ConfigError, match=rf'^MultiCrop\.{next(iter(options))} is .*, but must be'):
        MultiCrop(**options)


def test_lists_serve_as_tuples():
    crop = MultiCrop(global_scale=[0.3, 1.0], jitter=[0.4, 0.4, 0.2, 0.1], blur=[1, 0, 0.5])
    assert 'blur=1' in repr(crop)
    assert len(crop({'img': random_image(30, 40, 3)})['img']) == 8


def test_views_follow_from_seed_epoch_and_index_alone():
    def views(draw, workers_before):
        dataset, _ = seeded(DATASETS.build(tiles(SMALL)), [], seed=0)
        for _ in range(workers_before):
            dataset[Draw(0, 7)]
        return dataset[draw]['inputs']

    first, again, other = views(Draw(1, 3), 0), views(Draw(1, 3), 2), views(Draw(2, 3), 0)
    assert all(map(torch.equal, first, again))
    assert not any(map(torch.equal, first, other))


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
def test_batches_of_workers_pass_the_preprocessor(backend):
    loader = dict(
        batch_size=4,
        num_workers=2,
        persistent_workers=False,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=tiles(dict(SMALL, backend=backend), indices=8),
    )
    batches = list(Runner.build_dataloader(copy.deepcopy(loader), seed=0))
    preprocessor = MODELS.build(dict(type='SelfSupDataPreprocessor', mean=[128] * 3, std=[64] * 3, to_rgb=True))
    for batch in batches:
        assert [view.shape for view in batch['inputs']] == [(4, 3, 16, 16)] * 2 + [(4, 3, 12, 12)] * 3
        assert {view.dtype for view in batch['inputs']} == {torch.uint8}
        normalised = preprocessor(batch)['inputs']
        expected = (batch['inputs'][2].float().flip(1) - 128) / 64
        assert torch.equal(normalised[2], expected)
        assert batch['data_samples'][0].crop_boxes.shape == (5, 4)
        assert batch['data_samples'][0].ori_shape == (64, 64)


def test_a_bad_image_is_replaced(tmp_path, write_images):
    write_images(tmp_path, 'a.png', 'b.png')
    (tmp_path / 'a.png').write_bytes(b'')
    pipeline = [dict(type='LoadImageOrSkip'), SMALL, dict(type='PackInputs', meta_keys=META)]
    dataset = DATASETS.build(dict(type='ImageFolder', data_root=str(tmp_path), pipeline=pipeline))
    batch = default_collate([dataset[0], dataset[1]])
    assert batch['inputs'][0].shape == (2, 3, 16, 16)
    assert all(sample.img_path.endswith('b.png') for sample in batch['data_samples'])


def test_defaults_are_those_of_the_base_config():
    from pathlib import Path

    from mmengine.config import Config

    file = Path(__file__).parents[3] / 'configs/_base_/datasets/sslight/in1k_multi_crop_224.py'
    options = Config.fromfile(file).train_dataloader.dataset.pipeline[1]
    assert TRANSFORMS.build(options).views == MultiCrop().views
    assert options.backend == 'pillow'


def test_opencv_alone_has_no_threads_in_workers():
    """``opencv_num_threads=0`` of ``env_cfg`` means one thread."""
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(0)
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
def test_of_a_smaller_view_the_crop_alone_is_smaller(backend):
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    drawn = {}
    for side in (56, 112, 224):
        transform = MultiCrop(global_size=side, local_size=side * 96 // 224, blur=(1.0, 1.0, 1.0), backend=backend)
        random.seed(3)
        drawn[side] = [replace(view.draw(90, 120), size=0) for view in transform.views]
        random.seed(3)
        views = transform({'img': image.copy()})['img']
        assert [view.shape[0] for view in views] == [side] * 2 + [side * 96 // 224] * 6
        assert all(0.1 <= view.blur <= 2 for view in drawn[side])
    assert drawn[56] == drawn[112] == drawn[224]
