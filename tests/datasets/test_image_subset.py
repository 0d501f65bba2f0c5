import pytest

import sslrecipes.datasets  # noqa: F401  registers
from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.errors import DataError
from sslrecipes.registry import DATASETS


@pytest.fixture
def cfg(tmp_path, write_images):
    """Config of a subset of three classes, whose list leaves out some images."""
    write_images(tmp_path / 'train', *(f'n0{label}/n0{label}_{index}.png' for label in range(3) for index in range(3)))
    (tmp_path / 'list.txt').write_text('n02_1.png\nn01_0.png\nn00_2.png\nn02_0.png\n')
    return dict(type='ImageSubset', data_root=str(tmp_path / 'train'), subset=str(tmp_path / 'list.txt'))


def test_labels_are_those_of_all_classes(cfg):
    dataset = DATASETS.build(cfg)
    samples = [dataset.get_data_info(index) for index in range(len(dataset))]
    found = [(sample['img_path'].rpartition('/')[2], sample['gt_label']) for sample in samples]
    assert found == [('n00_2.png', 0), ('n01_0.png', 1), ('n02_1.png', 2), ('n02_0.png', 2)]
    assert dataset.CLASSES == ('n00', 'n01', 'n02')
    assert cfg['subset'] in repr(dataset)


def test_samples_go_through_a_pipeline(cfg):
    dataset = DATASETS.build(cfg | dict(pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')]))
    sample = dataset[2]
    assert sample['inputs'].shape == (3, 40, 50)
    assert sample['data_samples'].gt_label.tolist() == [2]


def test_mistakes_are_found_before_anything_is_built(cfg, tmp_path):
    check_dataset(cfg)
    with pytest.raises(DataError, match='does not exist'):
        check_dataset(cfg | dict(data_root=str(tmp_path / 'absent')))
    with pytest.raises(DataError, match='Cannot read the subset list'):
        check_dataset(cfg | dict(subset=str(tmp_path / 'absent.txt')))


def test_class_without_images(cfg, tmp_path):
    (tmp_path / 'list.txt').write_text('n00_0.png\nn02_0.png')
    with pytest.raises(DataError, match='The class "n01" has no image'):
        DATASETS.build(cfg)


def test_classes_of_the_list_may_be_numbered_from_0(cfg, tmp_path):
    (tmp_path / 'list.txt').write_text('n02_0.png\nn00_0.png')
    dataset = DATASETS.build(cfg | dict(relabel=True))
    assert [dataset.get_data_info(index)['gt_label'] for index in range(2)] == [0, 1]
    assert dataset.CLASSES == ('n00', 'n02')
    assert dataset.get_data_info(1)['img_path'].endswith('n02/n02_0.png')
