"""Maps that can't be meant are told before mmseg misreads them."""

import logging

import numpy as np
import pytest
from PIL import Image

from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.errors import DataError

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='PackSegInputs')]


@pytest.fixture
def write(tmp_path):
    """Function that writes pictures and maps (a small pattern of 0 and 1, changed by ``change``)."""

    def write_maps(change=lambda number, labels: labels, number=3, names='{}.jpg', **options):
        for folder in ('img', 'ann'):
            (tmp_path / folder).mkdir(exist_ok=True)
        for i in range(number):
            Image.new('RGB', (10, 8)).save(tmp_path / 'img' / names.format(i), format='JPEG')
            labels = np.zeros((8, 10), np.uint8)
            labels[:4] = 1
            Image.fromarray(change(i, labels)).save(tmp_path / 'ann' / f'{i}.png')
        cfg = dict(type='BaseSegDataset', data_root=str(tmp_path), pipeline=LOAD, metainfo=dict(classes=('a', 'b')),
                   data_prefix=dict(img_path='img', seg_map_path='ann'))  # fmt: skip
        return cfg | options

    return write_maps


def refusal(cfg):
    with pytest.raises(DataError) as error:
        check_dataset(cfg)
    return str(error.value)


def test_good_maps_pass_and_the_log_says_how_many_were_looked_at(write, tmp_path):
    (remark,) = check_dataset(write(number=40))
    assert remark == (f'32 of 40 segmentation maps in "{tmp_path}/ann" looked at.', logging.INFO)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (
            lambda i, labels: labels + 1,
            'map of "0" has the label 2, but train_dataloader.dataset has 2 classes, 0 to 1',
        ),
        (lambda i, labels: labels * 255, 'the labels 0 and 255 only (3 of 3 segmentation maps in'),
        (lambda i, labels: labels.astype(np.uint16) * 256, 'has the label 256'),
        (lambda i, labels: np.repeat(labels[..., None], 3, 2), 'ann/0.png" holds colours (RGB)'),
        (lambda i, labels: labels[: 8 - i], 'ann/1.png" has 10 x 7 pixels, but its picture'),
    ],
)
def test_maps_that_cannot_be_meant(write, change, words):
    assert words in refusal(write(change))


def test_what_is_ignored_is_no_class(write):
    assert check_dataset(write(lambda i, labels: np.where(labels, labels, 255).astype(np.uint8)))
    assert check_dataset(write(lambda i, labels: labels * 7, ignore_index=7))
    reduced = write(lambda i, labels: labels * 2, reduce_zero_label=True)
    assert check_dataset(reduced)
    assert 'has the label 3, but train_dataloader.dataset has 2 classes, 1 to 2' in refusal(
        write(lambda i, labels: labels * 3, reduce_zero_label=True)
    )
    reduced['pipeline'] = [dict(type='mmseg.LoadAnnotations', reduce_zero_label=False)]
    assert 'LoadAnnotations differ' in refusal(reduced)


def test_a_turned_picture_may_have_a_turned_map(write, tmp_path):
    cfg = write(lambda i, labels: labels.T)
    assert 'has 8 x 10 pixels' in refusal(cfg)
    exif = Image.Exif()
    for orientation in (4, 5, 8):
        exif[0x0112] = orientation
        for i in range(3):
            Image.new('RGB', (10, 8)).save(tmp_path / 'img' / f'{i}.jpg', exif=exif)
        assert 'has 8 x 10 pixels' in refusal(cfg) if orientation == 4 else check_dataset(cfg)


def test_pictures_that_mmseg_leaves_out(write, tmp_path):
    cfg = write()
    (tmp_path / 'img' / '2.jpg').rename(tmp_path / 'img' / '2.JPG')
    remark = check_dataset(cfg)[0]
    assert remark.level == logging.WARNING
    assert f'1 of the pictures in "{tmp_path}/img" are left out' in remark.text
    assert '"2.JPG": rename them, or set train_dataloader.dataset.img_suffix' in remark.text


def test_every_picture_has_a_map(write, tmp_path):
    cfg = write()
    (tmp_path / 'ann' / '1.png').unlink()
    assert 'The segmentation map "' + str(tmp_path / 'ann' / '1.png') in refusal(cfg)
    (tmp_path / 'list.txt').write_text('0\n2\n')
    assert check_dataset({**cfg, 'ann_file': 'list.txt'})
    (tmp_path / 'list.txt').write_text('0\n2\n\n')
    assert 'Line 3' in refusal({**cfg, 'ann_file': 'list.txt'})


def test_damaged_files_and_unknown_classes(write, tmp_path):
    assert 'ADE20KDataset has no class "a"' in refusal({**write(), 'type': 'ADE20KDataset'})
    for folder in ('ann', 'img'):
        cfg = write()
        next((tmp_path / folder).glob('1.*')).write_bytes(b'no picture')
        with pytest.raises(DataError, match='cannot be read'):
            check_dataset(cfg, 'val_dataloader.dataset')
        remark, _ = check_dataset(cfg)  # a training replaces and counts it
        assert remark.level == logging.WARNING
        assert remark.text.startswith('1 file cannot be read (3 of 3 segmentation maps')
    for path in (tmp_path / 'img').iterdir():
        path.write_bytes(b'no picture')
    assert 'cannot be read' in refusal(cfg)


def test_maps_loaded_by_another_transform_are_not_judged(write):
    assert check_dataset(write(lambda i, labels: labels + 7, pipeline=[dict(type='LoadImageNetSAnnotations')])) == []
