from functools import partial
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DefaultScope

from sslrecipes.config.reading import read_config
from sslrecipes.datasets.photo_scenes import prepare_photo_scenes
from sslrecipes.datasets.scene_drawing import CLASSES, STUFF, THINGS
from sslrecipes.datasets.stamp_names import STAMPS
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import DATASETS
from sslrecipes.transfer import PhotoScenesDetection, PhotoScenesSegmentation

BASES = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'transfer' / 'datasets'


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'photo_scenes'
    prepare_photo_scenes(root, (4, 2))
    return root


def build(name, loader, root, **changes):
    """Build a loader's data set of a base config, whose bare names are mmdet's or mmseg's."""
    scope = 'mmdet' if 'instance' in name else 'mmseg'
    cfg = read_config(BASES / name)[loader].dataset
    with DefaultScope.overwrite_default_scope(scope):
        return DATASETS.build({**cfg, 'data_root': str(root), **changes})


@pytest.mark.parametrize(('loader', 'count'), [('train_dataloader', 4), ('val_dataloader', 2)])
def test_mmdet_reads_boxes_and_masks(root, loader, count):
    dataset = build('photo_scenes_instance_256.py', loader, root)
    assert isinstance(dataset, PhotoScenesDetection)
    assert len(dataset) == count
    assert dataset.metainfo['classes'] == THINGS
    assert len(dataset.metainfo['palette']) == len(THINGS)
    sample = dataset[0]
    assert sample['inputs'].shape == (3, 256, 256)
    assert sample['data_samples'].img_id == 1


def test_mmseg_reads_maps(root):
    dataset = build('photo_scenes_semantic_256.py', 'train_dataloader', root)
    assert isinstance(dataset, PhotoScenesSegmentation)
    assert len(dataset) == 4
    assert dataset.metainfo['classes'] == CLASSES
    assert len(dataset.metainfo['palette']) == len(CLASSES)
    sample = dataset[0]
    assert sample['inputs'].shape == (3, 256, 256)
    assert sample['data_samples'].gt_sem_seg.data.shape == (1, 256, 256)


def test_masks_of_mmdet_lie_on_the_maps_of_mmseg(root):
    objects = build('photo_scenes_instance_256.py', 'train_dataloader', root)
    prefix = dict(img_path='train', seg_map_path='semantic/train')
    maps = build('photo_scenes_semantic_256.py', 'val_dataloader', root, data_prefix=prefix)
    for found, mapped in zip(objects, maps, strict=True):
        semantic = mapped['data_samples'].gt_sem_seg.data[0].numpy()
        instances = found['data_samples'].gt_instances
        for mask, label, box in zip(instances.masks.masks, instances.labels, instances.bboxes.tensor, strict=True):
            assert set(np.unique(semantic[mask == 1])) <= {len(STUFF) + int(label), 255}
            rows, columns = np.nonzero(mask)
            assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_the_files_are_written_on_first_use(tmp_path, monkeypatch):
    few = partial(prepare_photo_scenes, counts=(1, 1))
    monkeypatch.setattr('sslrecipes.transfer.photo_scenes.prepare_photo_scenes', few)
    assert len(build('photo_scenes_instance_256.py', 'val_dataloader', tmp_path / 'new')) == 1
    assert len(build('photo_scenes_semantic_256.py', 'val_dataloader', tmp_path / 'other')) == 1


def test_the_classes_are_those_of_the_objects_and_some_can_be_selected(tmp_path, stamp_folder):
    scenes = tmp_path / 'scenes'
    prepare_photo_scenes(scenes, (2, 1), objects='stamps')
    loader = 'val_dataloader'
    found = build('photo_scenes_instance_256.py', loader, scenes, objects='stamps')
    assert found.metainfo['classes'] == tuple(STAMPS)
    assert found.cat2label == {number: number - 1 for number in range(1, 11)}
    maps = build('photo_scenes_semantic_256.py', loader, scenes, objects='stamps')
    assert maps.metainfo['classes'] == (*STUFF, *STAMPS)
    every = set(np.unique(maps[0]['data_samples'].gt_sem_seg.data)) - {255}
    name = maps.metainfo['classes'][max(every)]
    some = build('photo_scenes_semantic_256.py', loader, scenes, objects='stamps', metainfo={'classes': [name]})
    assert set(np.unique(some[0]['data_samples'].gt_sem_seg.data)) == {0, 255}
    with pytest.raises(ConfigError, match='PhotoScenes has no class "zero"'):
        build('photo_scenes_semantic_256.py', loader, scenes, objects='stamps', metainfo={'classes': ['zero']})


def test_another_data_set_is_refused(tmp_path):
    (tmp_path / 'annotations').mkdir()
    with pytest.raises(DataError, match='something else than PhotoScenes'):
        PhotoScenesSegmentation(data_root=str(tmp_path))
