import errno
import os

import numpy as np
import pytest
from mmengine.dataset import BaseDataset, ConcatDataset, RepeatDataset
from PIL import Image
from torch.utils.data import DataLoader

from sslrecipes.compat import local_files
from sslrecipes.datasets import Digits, ImageFolder, seeded
from sslrecipes.datasets.images import bad_samples
from sslrecipes.datasets.images.bad_images import BadImageList
from sslrecipes.datasets.images.bad_samples import HOPELESS, file_datasets, find_bad_file
from sslrecipes.datasets.seeding import Draw
from sslrecipes.errors import DataError

PLAIN = [dict(type='mmcv.LoadImageFromFile'), dict(type='mmpretrain.PackInputs')]
OURS = [dict(type='LoadImageOrSkip'), dict(type='PackInputs')]


def by_pillow(results):
    with Image.open(results['img_path']) as image:
        return {**results, 'img': np.asarray(image.convert('RGB'))}


KINDS = {'plain': PLAIN, 'ours': OURS, 'own': [by_pillow]}


def empty(path):
    path.write_bytes(b'')


def page(path):
    path.write_text('<!DOCTYPE html><html></html>')


def cut(path):
    path.write_bytes(path.read_bytes()[:-60])


def gone(path):
    path.unlink()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.fixture
def folder(tmp_path, write_images):
    """Twenty pictures."""
    return write_images(tmp_path / 'images', *[f'{number:02}.png' for number in range(20)])


def reader(folder, pipeline, **options):
    return seeded(ImageFolder(str(folder), pipeline=pipeline, **options), [], 0)[0]


@pytest.mark.parametrize(
    ('kind', 'damage'),
    [(kind, damage) for kind in KINDS for damage in (empty, page, cut, gone)] + [('plain', pipe), ('ours', pipe)],
)
def test_an_evaluation_names_the_file(folder, kind, damage):
    datasets = [reader(folder, KINDS[kind], test_mode=test_mode) for test_mode in (False, True)]
    damage(folder / '03.png')
    for dataset in datasets:
        assert dataset[4]
        with pytest.raises(DataError, match=rf'"{folder}/03\.png" can not be read \(.+\), and an evaluation needs'):
            dataset[3]


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('workers', [0, 2])
def test_a_training_replaces_and_lists_it(folder, kind, workers, tmp_path):
    cut(folder / '03.png')
    dataset = reader(folder, KINDS[kind])
    dataset.reader.replaces = True
    dataset.reader.bad.listed = BadImageList(tmp_path / 'bad.txt')
    loader = DataLoader(dataset, batch_size=5, num_workers=workers, collate_fn=list)
    assert len([sample for batch in loader for sample in batch]) == 20
    found = BadImageList(tmp_path / 'bad.txt')
    found.refresh()
    assert found.last[0] == f'{folder}/03.png'
    assert len(found) == 1


def test_replacements_follow_from_seed_epoch_and_index_alone(folder):
    damaged = [folder / f'{number:02}.png' for number in (3, 5, 7)]
    for path in damaged:
        page(path)

    def chosen(draws):
        dataset = reader(folder, [dict(type='mmcv.LoadImageFromFile')])
        dataset.reader.replaces = True
        return {(draw.epoch, draw.index): dataset[draw]['img_path'] for draw in draws}

    draws = [Draw(epoch, index) for epoch in range(3) for index in range(20)]
    forward, backward = chosen(draws), chosen(draws[::-1])
    assert forward == backward
    assert not {str(path) for path in damaged} & set(forward.values())
    assert len({forward[epoch, 3] for epoch in range(3)}) > 1


def test_bad_files_with_good_ones_between_them_end_nothing(folder, monkeypatch):
    monkeypatch.setattr(bad_samples, 'HOPELESS', 4)
    page(folder / '03.png')
    dataset = reader(folder, PLAIN)
    dataset.reader.replaces = True
    assert all(dataset[3] for _ in range(8))


def test_a_folder_that_is_gone_ends_the_run(folder):
    dataset = reader(folder, PLAIN)
    dataset.reader.replaces = True
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(DataError, match=rf'{HOPELESS} images one after the other are bad.*No such file'):
        dataset[0]


def test_a_file_that_may_not_be_read_is_named(folder, monkeypatch):
    dataset = reader(folder, PLAIN)

    def refuse(path):
        raise PermissionError(errno.EACCES, 'Permission denied', str(path))

    monkeypatch.setattr(local_files, 'read_regular', refuse)
    with pytest.raises(DataError, match=rf'"{folder}/03\.png" can not be read \(unreadable: Permission denied\)'):
        dataset[3]


class Pairs(BaseDataset):
    """Pictures with maps of classes."""

    def load_data_list(self):
        names = [f'{self.data_root}/{number}' for number in range(3)]
        return [{'img_path': f'{name}.png', 'seg_map_path': f'{name}_map.png'} for name in names]


def test_a_damaged_map_is_named_and_not_its_picture(tmp_path, write_images):
    write_images(tmp_path, *[f'{number}{part}.png' for number in range(3) for part in ('', '_map')])
    cut(tmp_path / '1_map.png')
    maps = dict(
        type='mmcv.LoadAnnotations', with_bbox=False, with_label=False, with_seg=True, imdecode_backend='pillow'
    )
    dataset, _ = seeded(Pairs(data_root=str(tmp_path), pipeline=[PLAIN[0], maps]), [], 0)
    with pytest.raises(DataError, match=r'1_map\.png" can not be read \(damaged'):
        dataset[1]
    dataset.reader.replaces = True
    assert dataset[1]['img_path'] in (f'{tmp_path}/0.png', f'{tmp_path}/2.png')


@pytest.mark.parametrize('error', [RuntimeError('a bug'), OSError(errno.EMFILE, 'Too many open files')])
def test_what_is_no_fault_of_the_files_stays_as_it_is(folder, error):
    def fail(results):
        raise error

    dataset = reader(folder, [fail])
    dataset.reader.replaces = True
    with pytest.raises(type(error), match=str(error)[-9:]):
        dataset[0]
    assert find_bad_file(error, dataset, 0) is None


def test_data_sets_of_files_are_found_inside_wrappers(folder):
    parts = [ImageFolder(str(folder), pipeline=pipeline) for pipeline in (OURS, PLAIN)]
    dataset, _ = seeded(ConcatDataset(parts), [], 0)
    assert list(file_datasets(dataset)) == parts
    assert list(file_datasets(RepeatDataset(parts[0], times=3))) == parts[:1]
    assert list(file_datasets(Digits('val'))) == []
