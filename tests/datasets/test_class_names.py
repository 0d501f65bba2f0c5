"""Names and order of classes are compared wherever labels of two sources meet."""

import logging
from types import SimpleNamespace

import pytest
from mmengine.logging import MMLogger

from sslrecipes.datasets.class_names import build_dataset, common_classes, single_datasets
from sslrecipes.errors import DataError

KINDS = ('train_dataloader', 'val_dataloader')


def data(*classes, **attributes):
    return SimpleNamespace(metainfo=dict(classes=classes) if classes else {}, **attributes)


def test_equal_names_are_returned_and_unknown_ones_pass():
    assert common_classes(data('a', 'b'), {'CLASSES': ['a', 'b']}, KINDS) == ('a', 'b')
    assert common_classes(data('a'), data(), KINDS) == ()
    assert common_classes(data('a'), SimpleNamespace(), KINDS) == ()


@pytest.mark.parametrize(
    ('other', 'words'),
    [
        (('a', 'c', 'd'), '(3 and 3): class 1 is "b" in the train_dataloader and "c" in the other'),
        (('b', 'a', 'c'), '(3 and 3): class 0 is "a" in the train_dataloader and "b" in the other'),
        (('d', 'e', 'f'), '(3 and 3): class 0 is "a"'),
        (('a', 'b'), '(3 and 2): class 2 is "c" in the train_dataloader and absent in the other'),
        (('0', '1'), '(3 and 2): class 0 is "a"'),
    ],
)
def test_other_names_numbers_and_orders_are_refused(other, words):
    with pytest.raises(DataError) as caught:
        common_classes(data('a', 'b', 'c'), data(*other), KINDS, 'val_dataloader')
    assert words in str(caught.value)
    assert caught.value.places == ('val_dataloader',)


def test_words_and_folders_of_imagenet_are_told_to_be_the_same():
    folders = {'n01440764': 0, 'n01443537': 1}
    whole = data('tench', 'goldfish', folder_to_idx=folders)
    wrapped = SimpleNamespace(metainfo=whole.metainfo, datasets=[SimpleNamespace(dataset=whole)])
    for words in (whole, wrapped):
        assert common_classes(data(*folders), words, KINDS) == tuple(folders)
    with pytest.raises(DataError, match='class 1 is "n01484850"'):
        common_classes(data('n01440764', 'n01484850'), whole, KINDS)


def test_ids_and_words_warn(caplog):
    logger = MMLogger.get_instance('classes', logger_name='classes')
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING):
        assert common_classes(data('n01440764'), data('tench'), KINDS)
    assert 'name their classes differently (1 and 1), such as "n01440764" and "tench"' in caplog.text


def test_wrappers_are_looked_into():
    joined = SimpleNamespace(datasets=[SimpleNamespace(dataset='x'), 'y'])
    assert list(single_datasets(joined)) == ['x', 'y']


def test_sets_of_other_classes_are_not_joined():
    parts = [dict(type='Digits', metainfo=dict(classes=(*'012345678', last))) for last in ('9', 'nine')]
    with pytest.raises(DataError, match=r'data set 1 of ConcatDataset .* class 9 is "9" in the set and "nine" in'):
        build_dataset(dict(type='ConcatDataset', datasets=parts))
    with pytest.raises(DataError, match=r'must state the same'):
        build_dataset(dict(type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=parts)))
    assert len(build_dataset(dict(type='ConcatDataset', datasets=parts[:1])).datasets) == 1
