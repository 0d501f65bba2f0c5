import copy
import pickle
import socket

import numpy as np
import pytest
from mmpretrain.evaluation import Accuracy
from mmpretrain.structures import DataSample

from sslrecipes.datasets import PhotoTiles, photo_tiles
from sslrecipes.datasets.photo_tiles import load_photographs
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import DATASETS

SIZES = (32, 64, 96)


def pixels(dataset: PhotoTiles) -> dict[str, np.ndarray]:
    """Class name -> mask of the pixels that the tiles of the data set cover, counted."""
    covered = {name: np.zeros(load_photographs()[name].shape[:2], dtype=int) for name in dataset.CLASSES}
    for info in dataset.load_data_list():
        top, left = info['corner']
        name = dataset.CLASSES[info['gt_label']]
        covered[name][top : top + dataset.tile_size, left : left + dataset.tile_size] += 1
    return covered


def test_pictures_are_read_without_the_network(monkeypatch):
    def no_network(*_args):
        raise AssertionError('the network was used')

    monkeypatch.setattr(socket.socket, 'connect', no_network)
    load_photographs.cache_clear()
    photographs = load_photographs()
    assert len(photographs) == 18
    for picture in photographs.values():
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.std() > 1
    grey = photographs['brick']
    assert (grey[..., :1] == grey).all()


def test_channels_are_bgr():
    blue, _, red = load_photographs()['rocket'][:100].mean(axis=(0, 1))  # a night sky
    assert blue > red + 20


@pytest.mark.parametrize('size', SIZES)
def test_no_pixel_is_shared_between_the_splits_of_any_two_sizes(size):
    train = pixels(PhotoTiles('train', size))
    for other in SIZES:
        for name, covered in pixels(PhotoTiles('val', other)).items():
            assert not (covered.astype(bool) & train[name].astype(bool)).any()


@pytest.mark.parametrize('size', SIZES)
def test_every_picture_gives_tiles_to_both_splits_and_a_fifth_or_more_to_val(size):
    train, val = PhotoTiles('train', size), PhotoTiles('val', size)
    assert train.metainfo['classes'] == val.metainfo['classes'] == tuple(load_photographs())
    counts = np.stack([np.bincount(part.get_gt_labels(), minlength=18) for part in (train, val)])
    assert counts.min() >= 1
    assert 0.2 <= counts[1].sum() / counts.sum() <= 0.26


def test_tiles_do_not_overlap_unless_asked_to():
    assert max(covered.max() for covered in pixels(PhotoTiles('train', 32)).values()) == 1
    assert max(covered.max() for covered in pixels(PhotoTiles('train', 32, stride=16)).values()) == 4


def test_few_tiles_of_each_class_are_spread_over_its_picture():
    everything, few = PhotoTiles('train', 64, stride=32), PhotoTiles('train', 64, stride=32, per_class=20)
    counts = np.bincount(few.get_gt_labels())
    assert (counts == np.minimum(np.bincount(everything.get_gt_labels()), 20)).all()
    corners = [info['corner'] for info in few.load_data_list() if few.CLASSES[info['gt_label']] == 'retina']
    assert len(set(corners)) == 20
    assert np.ptp([top for top, _ in corners]) > 1200
    assert np.ptp([left for _, left in corners]) > 1000


def test_a_sample_is_the_tile_of_its_picture():
    dataset = PhotoTiles('val', 64, pipeline=[])
    index = len(dataset) // 2
    sample = dataset[index]
    top, left = dataset.load_data_list()[index]['corner']
    picture = load_photographs()[dataset.CLASSES[sample['gt_label']]]
    assert (sample['img'] == picture[top : top + 64, left : left + 64]).all()
    assert sample['img'].shape == (64, 64, 3)
    assert sample['img_shape'] == sample['ori_shape'] == (64, 64)
    assert sample['sample_idx'] == index
    assert dataset.get_cat_ids(index) == [sample['gt_label']] == [dataset.get_gt_labels()[index]]


def test_changing_a_sample_leaves_the_picture_alone():
    dataset = PhotoTiles('train')
    before = dataset[3]['img'].copy()
    dataset[3]['img'][:] = 0
    assert (dataset[3]['img'] == before).all()


def test_too_small_pictures_are_left_out_of_both_splits():
    train, val = PhotoTiles('train', 128), PhotoTiles('val', 128)
    assert train.CLASSES == val.CLASSES
    assert 'text' not in train.CLASSES
    assert set(train.get_gt_labels()) == set(val.get_gt_labels()) == set(range(len(train.CLASSES)))


def test_errors_are_one_clear_sentence(monkeypatch):
    with pytest.raises(DataError, match=r'only 1 picture.* tile_size=256'):
        PhotoTiles(tile_size=256)
    with pytest.raises(ConfigError, match='train and val, not "test"'):
        PhotoTiles('test')
    with pytest.raises(ConfigError, match='at least 1'):
        PhotoTiles(tile_size=0)
    with pytest.raises(ConfigError, match='per_class of at least 1'):
        PhotoTiles(per_class=0)
    load_photographs.cache_clear()
    monkeypatch.setitem(photo_tiles.PHOTOGRAPHS, 'sklearn', ('datasets/images', ('absent.jpg',)))
    with pytest.raises(DataError, match=r'cannot read ".*absent.jpg"'):
        PhotoTiles()
    monkeypatch.setitem(photo_tiles.PHOTOGRAPHS, 'not_installed_at_all', ('data', ()))
    monkeypatch.delitem(photo_tiles.PHOTOGRAPHS, 'sklearn')
    with pytest.raises(DataError, match='pip install'):
        PhotoTiles()


def test_lazy_subset_and_pickle():
    lazy = PhotoTiles('val', lazy_init=True)
    assert len(lazy.metainfo['classes']) == 18
    assert not lazy._fully_initialized
    assert 'initialized' in repr(lazy)
    lazy.full_init()
    assert len(lazy) == len(PhotoTiles('val'))
    subset = DATASETS.build(dict(type='PhotoTiles', split='val', indices=[5, 7]))
    assert len(subset) == 2
    assert (subset[1]['img'] == lazy[7]['img']).all()
    data = pickle.dumps(lazy)
    assert len(data) < 1_000_000  # the pictures themselves are not in it
    assert (pickle.loads(data)[9]['img'] == lazy[9]['img']).all()  # noqa: S301
    assert (copy.deepcopy(lazy)[9]['img'] == lazy[9]['img']).all()


def test_repr_counts_the_tiles_of_each_class():
    dataset = PhotoTiles('val')
    counts = np.bincount(dataset.get_gt_labels())
    assert f'astronaut {counts[0]}, brick {counts[1]}' in repr(dataset)


def test_labels_serve_a_metric():
    dataset = PhotoTiles('val', pipeline=[dict(type='PackInputs')])
    metric = Accuracy(topk=1)
    metric.dataset_meta = dataset.metainfo
    for index in (0, len(dataset) - 1):
        sample: DataSample = dataset[index]['data_samples']
        sample.set_pred_score(np.eye(18)[0])
        metric.process({}, [sample.to_dict()])
    assert metric.evaluate(2) == {'accuracy/top1': 50.0}
