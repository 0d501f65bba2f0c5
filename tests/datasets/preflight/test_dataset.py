import copy
import os

import pytest

from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.errors import DataError


def refusal(cfg: dict, **kwargs) -> str:
    with pytest.raises(DataError) as error:
        check_dataset(cfg, **kwargs)
    return str(error.value)


def imagenet(root, **kwargs) -> dict:
    return dict(type='ImageNet', data_root=str(root), split='train', **kwargs)


def test_a_missing_imagenet_is_named_with_the_expected_layout():
    text = refusal(imagenet('data/imagenet'), key='val_dataloader.dataset')
    assert '"data/imagenet/train" does not exist' in text
    assert 'data/imagenet/train/<class>/<image>' in text
    assert 'val_dataloader.dataset.data_root' in text


def test_a_good_class_folder_passes_and_is_not_changed(tmp_path, write_images):
    write_images(tmp_path, 'train/cat/a.png', 'train/dog/deep/b.PNG')
    cfg = imagenet(tmp_path, metainfo=dict(classes=('cat', 'dog')))
    before = copy.deepcopy(cfg)
    check_dataset(cfg)
    check_dataset(dict(type='CustomDataset', data_root=str(tmp_path), data_prefix='train'))
    check_dataset(dict(type='mmpretrain.CustomDataset', data_prefix=dict(img_path=str(tmp_path / 'train'))))
    assert cfg == before


def test_a_subset_of_imagenet_is_told_from_a_whole_one(tmp_path, write_images):
    write_images(tmp_path, 'train/cat/a.png')
    text = refusal(imagenet(tmp_path))
    assert '1 class folder instead of 1000' in text
    assert 'CustomDataset' in text
    (remark,) = check_dataset(imagenet(tmp_path), labels_count=False)
    assert 'holds 1 class folder instead of 1000: this training needs no labels' in remark.text
    joined = dict(type='ConcatDataset', datasets=[dict(type='RepeatDataset', times=2, dataset=imagenet(tmp_path))])
    assert check_dataset(joined, labels_count=False) == [remark]
    for other in (dict(type='mmpretrain.ImageNet'), dict(metainfo=dict(classes=('cat', 'dog')))):
        with pytest.raises(DataError, match='1 class folder instead of'):
            check_dataset({**imagenet(tmp_path), **other}, labels_count=False)


def test_splits_are_not_taken_for_classes(tmp_path, write_images):
    write_images(tmp_path, 'train/cat/a.png', 'val/cat/b.png')
    text = refusal(dict(type='CustomDataset', data_root=str(tmp_path)))
    assert 'splits train and val' in text
    assert 'data_prefix=train' in text


def test_unlabelled_images_are_sent_to_the_right_class(tmp_path, write_images):
    write_images(tmp_path, 'a.png')
    assert 'type="ImageFolder"' in refusal(dict(type='CustomDataset', data_root=str(tmp_path)))
    check_dataset(dict(type='CustomDataset', data_root=str(tmp_path), with_label=False))
    check_dataset(dict(type='ImageFolder', data_root=str(tmp_path)))


def test_images_beside_class_folders_are_told(tmp_path, write_images):
    write_images(tmp_path, 'cat/a.png', 'b.png', 'c.png')
    (remark,) = check_dataset(dict(type='CustomDataset', data_root=str(tmp_path)))
    assert remark.text == f'"{tmp_path}": 2 images beside the class folders left out ("b.png").'
    assert check_dataset(dict(type='ImageFolder', data_root=str(tmp_path))) == []


def test_hidden_and_empty_class_folders(tmp_path, write_images):
    (tmp_path / 'cat').mkdir()
    cfg = dict(type='CustomDataset', data_root=str(tmp_path))
    assert 'holds no image in its 1 class folder' in refusal(cfg)
    write_images(tmp_path, '.ipynb_checkpoints/a.png')
    assert '.ipynb_checkpoints" would be taken for a class' in refusal(cfg)


def test_annotation_files(tmp_path, write_images):
    write_images(tmp_path, 'train/a.png')
    cfg = imagenet(tmp_path, ann_file='meta/mine.txt')
    assert f'"{tmp_path}/meta/mine.txt" does not exist' in refusal(cfg)
    (tmp_path / 'meta').mkdir()
    os.mkfifo(tmp_path / 'meta/mine.txt')
    assert f'"{tmp_path}/meta/mine.txt" is no regular file' in refusal(cfg)
    (tmp_path / 'meta/mine.txt').unlink()
    (tmp_path / 'meta/mine.txt').write_text('a.png 0\n')
    check_dataset(cfg)
    (tmp_path / 'meta/train.txt').write_text('a.png 0\n')
    check_dataset(imagenet(tmp_path))  # found by itself


def test_downloadable_data_sets(tmp_path):
    cfg = dict(type='CIFAR10', data_root=str(tmp_path), split='train', download=False)
    text = refusal(cfg)
    assert f'"{tmp_path}/cifar-10-batches-py" does not exist' in text
    assert 'train_dataloader.dataset.download=True' in text
    check_dataset(dict(cfg, download=True))
    (tmp_path / 'cifar-10-batches-py').mkdir()
    check_dataset(cfg)


def test_any_other_data_set_needs_its_root(tmp_path):
    cfg = dict(type='CUB', data_root=str(tmp_path / 'absent'))
    assert 'The CUB folder' in refusal(cfg)
    check_dataset(dict(type='CUB', data_root=str(tmp_path)))


@pytest.mark.parametrize('options', [{}, {'data_root': None}, {'data_root': ''}])
def test_folders_of_images_need_their_root(options):
    for name in ('ImageFolder', 'ImageSubset'):
        assert f'{name} needs train_dataloader.dataset.data_root' in refusal(dict(type=name, **options))


def test_wrappers_are_followed():
    broken = imagenet('absent')
    repeated = dict(type='RepeatDataset', times=2, dataset=broken)
    assert 'train_dataloader.dataset.dataset.data_root' in refusal(repeated)
    joined = dict(type='ConcatDataset', datasets=[dict(type='PhotoTiles'), broken])
    assert 'train_dataloader.dataset.datasets.1.data_root' in refusal(joined)


def test_what_cannot_be_judged_passes():
    check_dataset(dict(type='PhotoTiles'))
    check_dataset(dict(type='Digits', split='val'))
    check_dataset(dict(type='NoSuchDataset', data_root='absent'))
    check_dataset(imagenet('s3://bucket/imagenet'))


def test_the_home_folder_stands_for_a_tilde(tmp_path, write_images, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    write_images(tmp_path / 'data', 'train/a/1.png')
    check_dataset(dict(type='CustomDataset', data_root='~/data', data_prefix='train'))
    check_dataset(dict(type='CustomDataset', data_prefix=dict(img_path='~/data/train')))
