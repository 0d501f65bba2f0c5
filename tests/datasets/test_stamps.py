import numpy as np
import pytest
from fixtures.stamps import write_stamp

from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.datasets.stamps import Stamps
from sslrecipes.errors import ConfigError, DataError


def stamps(folder, split='train', **kwargs):
    return Stamps(split, data_root=str(folder), **kwargs)


def test_every_class_has_as_many_pictures_of_objects_of_its_split(stamp_folder):
    train, val = (stamps(stamp_folder, split, per_class=5) for split in ('train', 'val'))
    assert np.bincount(train.get_gt_labels()).tolist() == np.bincount(val.get_gt_labels()).tolist() == [5] * 10
    assert [train[index]['stamp'][-1] for index in range(5)] == list('ababa')
    assert {val[index]['stamp'][-1] for index in range(50)} == {'c'}
    assert train.get_cat_ids(7) == [1]
    assert 'bird 5' in repr(train)


@pytest.mark.parametrize('background', ['photo', 'neutral'])
def test_a_picture_shows_its_object_whole_on_its_background(stamp_folder, background):
    dataset = stamps(stamp_folder, size=40, per_class=3, background=background, scale=(0.5, 0.75))
    sample = dataset[3 * 4]  # the first flower
    assert sample['img'].shape == (40, 40, 3)
    assert sample['img'].dtype == np.uint8
    assert sample['img'].flags.c_contiguous
    other = stamps(stamp_folder, size=40, per_class=3, background='neutral', scale=(0.5, 0.75))[3 * 4]['img']
    if background == 'neutral':
        shown = (other != (104, 116, 124)).any(-1)
        extents = [np.ptp(np.flatnonzero(shown.any(axis))) + 1 for axis in (0, 1)]
        assert 18 <= max(extents) <= 30
    else:
        assert sample['img'].std(axis=(0, 1)).max() > 2


def test_a_picture_is_the_same_each_time_and_another_with_another_seed(stamp_folder):
    first, again = stamps(stamp_folder, per_class=4), stamps(stamp_folder, per_class=4)
    other, more = stamps(stamp_folder, per_class=4, seed=1), stamps(stamp_folder, per_class=9)
    assert (first[5]['img'] == again[5]['img']).all()
    assert (first[5]['img'] == first[5]['img']).all()
    assert (first[5]['img'] != other[5]['img']).any()
    assert (first[4 + 1]['img'] == more[9 + 1]['img']).all()  # the second of a class, however many there are
    assert (first[0]['img'] != first[2]['img']).any()  # one object, drawn twice


def test_few_shots(stamp_folder):
    one = stamps(stamp_folder, per_class=4, shots=1)
    assert len({sample['stamp'] for sample in one}) == 10
    assert len({sample['stamp'] for sample in stamps(stamp_folder, per_class=4, shots=7)}) == 20


@pytest.mark.parametrize(
    ('change', 'fault'),
    [
        ({'split': 'test'}, 'not "test"'),
        ({'size': 0}, 'size of at least 1, not 0'),
        ({'per_class': -1}, 'per_class of at least 1'),
        ({'shots': 0}, 'shots of at least 1'),
        ({'background': 'sky'}, 'photo and neutral, not "sky"'),
        ({'scale': (0.9, 0.5)}, 'scale of two shares'),
        ({'scale': (0.5, 1.5)}, 'scale of two shares'),
    ],
)
def test_arguments_that_cannot_be_meant(change, fault):
    with pytest.raises(ConfigError, match=fault):
        Stamps(**change)


def test_what_is_not_installed_is_told_before_anything_is_built(stamp_folder, tmp_path):
    check_dataset({'type': 'Stamps', 'data_root': str(stamp_folder)})
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match=r'install Debian.s package tuxpaint-stamps-default'):
        check_dataset({'type': 'RepeatDataset', 'times': 2, 'dataset': {'type': 'Stamps', 'data_root': str(tmp_path)}})
    with pytest.raises(DataError, match='dataset-fashion-mnist'):
        check_dataset({'type': 'FashionMNIST', 'data_root': str(tmp_path / 'empty')})
    write_stamp(stamp_folder / 'made/bird/a.png', (0, 0, 0))
    from sslrecipes.datasets.stamp_files import check_stamps

    check_stamps.cache_clear()
    with pytest.raises(DataError, match='not those of version'):
        check_dataset({'type': 'Stamps', 'data_root': str(stamp_folder)})
