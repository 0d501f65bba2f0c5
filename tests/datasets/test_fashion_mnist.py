import gzip
from pathlib import Path

import numpy as np
import pytest

from sslrecipes.datasets.fashion_mnist import DEBIAN_FOLDER, FashionMNIST, read_idx
from sslrecipes.errors import ConfigError, DataError


def write_idx(path, values, kind=8):
    header = bytes([0, 0, kind, values.ndim]) + np.array(values.shape, '>i4').tobytes()
    path.write_bytes(gzip.compress(header + values.tobytes()))


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for prefix, count in (('train', 7), ('t10k', 3)):
        write_idx(tmp_path / f'{prefix}-images-idx3-ubyte.gz', rng.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        write_idx(tmp_path / f'{prefix}-labels-idx1-ubyte.gz', np.arange(count, dtype=np.uint8))
    return tmp_path


@pytest.mark.parametrize(('split', 'prefix'), [('train', 'train'), ('val', 't10k')])
def test_samples(folder, split, prefix):
    dataset = FashionMNIST(split, data_root=str(folder))
    pictures = read_idx(folder / f'{prefix}-images-idx3-ubyte.gz')
    assert len(dataset) == len(pictures)
    sample = dataset[2]
    assert sample['img'].shape == (28, 28, 3)
    assert (sample['img'] == pictures[2][..., None]).all()
    assert sample['gt_label'] == 2
    assert len(dataset.CLASSES) == 10


def test_a_sample_may_be_changed_in_place(folder):
    dataset = FashionMNIST('val', data_root=str(folder))
    before = dataset[0]['img'].copy()
    dataset[0]['img'][:] = 0
    assert (dataset[0]['img'] == before).all()


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DataError, match=r'train-images-idx3-ubyte\.gz.*dataset-fashion-mnist'):
        FashionMNIST('train', data_root=str(tmp_path))


def test_damaged_file(folder):
    path = folder / 'train-images-idx3-ubyte.gz'
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match='damaged'):
        FashionMNIST('train', data_root=str(folder))


def test_other_kind_of_file(tmp_path):
    write_idx(tmp_path / 'x.gz', np.zeros((2, 2), np.uint8), kind=9)
    with pytest.raises(DataError, match='does not hold bytes'):
        read_idx(tmp_path / 'x.gz')


def test_unknown_split(folder):
    with pytest.raises(ConfigError, match='not "test"'):
        FashionMNIST('test', data_root=str(folder))


@pytest.mark.skipif(not Path(DEBIAN_FOLDER).is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_debian_package():
    train, val = FashionMNIST('train'), FashionMNIST('val')
    assert (len(train), len(val)) == (60000, 10000)
    assert np.bincount(train.get_gt_labels()).tolist() == [6000] * 10
