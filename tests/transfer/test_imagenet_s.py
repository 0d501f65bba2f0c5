from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.transfer import ImageNetS
from sslrecipes.transfer.imagenet_s import LimitArea, LoadImageNetSAnnotations, read_map

IDS = [f'n{number:08}' for number in range(100, 150)]


def write_map(path, classes) -> None:
    """Write classes as the data set's authors do: (class % 256, class // 256, 0) as (red, green, blue)."""
    pixels = np.stack([classes % 256, classes // 256, np.zeros_like(classes)], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(path, format='PNG')


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('ImageNetS50')
    rng = np.random.default_rng(0)
    for number, name in enumerate(reversed(IDS)):
        for part in ('train-semi', 'train-semi-segmentation'):
            (root / part / name).mkdir(parents=True)
        if number < 2:
            Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(
                root / 'train-semi' / name / f'{name}_7.JPEG'
            )
            classes = np.full((30, 40), 50 - number)
            classes[:, :10], classes[:5] = 0, 1000
            write_map(root / 'train-semi-segmentation' / name / f'{name}_7.png', classes)
    return root


PREFIX = dict(img_path='train-semi', seg_map_path='train-semi-segmentation')
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='sslrecipes.LoadImageNetSAnnotations'),
    dict(type='mmseg.PackSegInputs'),
]


def test_classes_are_the_sorted_folders_behind_everything_else(root):
    dataset = ImageNetS(data_root=str(root), subset=50, data_prefix=PREFIX, pipeline=PIPELINE)
    assert len(dataset) == 2
    assert dataset.metainfo['classes'] == ('other', *IDS)
    for sample, label in zip(dataset, (49, 50), strict=True):
        assert sample['data_samples'].seg_map_path.split('/')[-2] == IDS[label - 1]
        classes = sample['data_samples'].gt_sem_seg.data[0].numpy()
        assert classes[10, 20] == label
        assert classes[10, 5] == 0
        assert classes[2, 20] == 1000


def test_classes_above_255_are_red_plus_256_green():
    classes = np.array([[0, 1, 255], [256, 919, 1000]])
    file = BytesIO()
    write_map(file, classes)
    assert read_map(file.getvalue()).tolist() == classes.tolist()


def test_large_pictures_and_their_maps_shrink_alike(root, tmp_path):
    write_map(tmp_path / 'map.png', np.repeat(np.arange(4) * 300, 10)[:, None].repeat(80, 1))
    results = {'img': np.zeros((40, 80, 3), np.uint8), 'ori_shape': (40, 80), 'seg_fields': []}
    assert LimitArea(3200).transform({**results})['img'].shape == (40, 80, 3)
    results = LimitArea(800).transform({**results, 'seg_map_path': str(tmp_path / 'map.png')})
    assert results['img'].shape[:2] == results['img_shape'] == results['ori_shape'] == (20, 40)
    found = LoadImageNetSAnnotations().transform(results)['gt_seg_map']
    assert found.tolist() == np.repeat(np.arange(4) * 300, 5)[:, None].repeat(40, 1).tolist()


def test_the_wrong_folder_and_an_unknown_subset_are_named(root):
    with pytest.raises(DataError, match='holds 50 class folders instead of 919'):
        ImageNetS(data_root=str(root), data_prefix=PREFIX)
    with pytest.raises(ConfigError, match='subsets 50, 300 and 919, not 100'):
        ImageNetS(data_root=str(root), subset=100)
