import numpy as np
import pytest
from sklearn.datasets import load_digits

from sslrecipes.datasets import Digits
from sslrecipes.errors import ConfigError


def images(dataset: Digits) -> np.ndarray:
    return np.stack([dataset[index]['img'] for index in range(len(dataset))])


def test_the_splits_part_the_data_and_keep_the_class_shares():
    train, val = Digits('train'), Digits('val')
    assert len(train) + len(val) == 1797
    counts = np.stack([np.bincount(part.get_gt_labels(), minlength=10) for part in (train, val)])
    share = counts[1] / counts.sum(axis=0)
    assert (np.abs(share - 0.2) < 0.005).all()
    both = np.sort(np.concatenate([images(train), images(val)]).reshape(1797, -1), axis=0)
    source = np.rint(load_digits().images * 255 / 16)[..., None].repeat(3, axis=-1)
    assert (both == np.sort(source.reshape(1797, -1), axis=0)).all()


def test_a_sample_is_a_bgr_image_of_full_contrast():
    sample = Digits('val', pipeline=[])[4]
    assert sample['img'].dtype == np.uint8
    assert sample['img'].shape == (8, 8, 3)
    assert (sample['img'][..., :1] == sample['img']).all()
    assert sample['img'].min() == 0
    assert sample['img'].max() == 255
    assert sample['img_shape'] == sample['ori_shape'] == (8, 8)
    assert sample['sample_idx'] == 4


def test_metainfo_repr_and_error():
    dataset = Digits('val')
    assert dataset.metainfo['classes'] == tuple('0123456789')
    assert f'0 {np.bincount(dataset.get_gt_labels())[0]}, 1 ' in repr(dataset)
    with pytest.raises(ConfigError, match='Digits has the splits train and val, not "test"'):
        Digits('test')
