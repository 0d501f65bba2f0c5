import json
import multiprocessing as mp
import shutil

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from sslrecipes.datasets import photo_scenes, stamp_files
from sslrecipes.datasets.photo_scenes import prepare_photo_scenes, run_lengths
from sslrecipes.datasets.photo_tiles import load_photographs, split_bands
from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.datasets.scene_drawing import CLASSES, IGNORED, STUFF, THINGS, cut_texture, draw_scene
from sslrecipes.datasets.stamp_names import STAMPS
from sslrecipes.errors import ConfigError, DataError, StorageError

COUNTS = (5, 3)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'photo_scenes'
    prepare_photo_scenes(root, COUNTS)
    return root


def contents(root) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob('*') if path.is_file()}


def annotations(root, split='train') -> dict:
    return json.loads((root / 'annotations' / f'instances_{split}.json').read_text())


def test_the_layout_is_that_of_coco_and_of_ade20k(root):
    files = contents(root)
    assert len(files) == 2 * sum(COUNTS) + 3
    for split, count in zip(('train', 'val'), COUNTS, strict=True):
        content = annotations(root, split)
        assert [image['file_name'] for image in content['images']] == [f'{index:04}.jpg' for index in range(count)]
        assert [category['name'] for category in content['categories']] == list(THINGS)
        for image in content['images']:
            picture = np.asarray(Image.open(root / split / image['file_name']))
            semantic = np.asarray(Image.open(root / 'semantic' / split / image['file_name'].replace('.jpg', '.png')))
            assert picture.shape == (image['height'], image['width'], 3) == (256, 256, 3)
            assert semantic.dtype == np.uint8
            assert semantic.shape == (256, 256)
            assert set(np.unique(semantic)) <= {*range(len(CLASSES)), IGNORED}


def test_boxes_areas_and_maps_agree_with_the_masks_as_pycocotools_reads_them(root):
    content = annotations(root)
    assert len({annotation['id'] for annotation in content['annotations']}) == len(content['annotations']) >= 5
    for annotation in content['annotations']:
        segmentation = annotation['segmentation']
        code = coco_mask.frPyObjects(segmentation, *segmentation['size'])
        assert annotation['area'] == coco_mask.area(code)
        assert annotation['bbox'] == coco_mask.toBbox(code).tolist()
        name = f'{annotation["image_id"] - 1:04}.png'
        semantic = np.asarray(Image.open(root / 'semantic' / 'train' / name))
        inside = semantic[coco_mask.decode(code) == 1]
        assert set(inside) <= {len(STUFF) + annotation['category_id'] - 1, IGNORED}


def test_objects_cover_each_other_and_keep_to_their_sizes():
    hidden = 0
    for index in range(12):
        scene = draw_scene('train', index, 256)
        assert sum(thing.mask.astype(int) for thing in scene.things).max() == 1
        for thing in scene.things:
            visible = thing.mask.sum()
            hidden += int(visible < thing.area)
            assert thing.area >= visible >= 0.6 * thing.area
            extent = max(np.ptp(np.flatnonzero(thing.mask.any(axis))) + 1 for axis in (0, 1))
            assert extent <= 112
    assert hidden >= 3


def test_the_pictures_show_what_the_maps_say():
    scene = draw_scene('val', 1, 256)
    without = scene.semantic < len(STUFF)
    assert 0.3 < without.mean() < 1
    colours = [scene.picture[thing.mask].std(axis=0).mean() for thing in scene.things]
    assert max(colours) < scene.picture[without].std() * 2
    means = [scene.picture[thing.mask].mean(axis=0) for thing in scene.things]
    assert all(np.ptp(mean) > 20 for mean in means)  # tinted


@pytest.mark.parametrize('split', ['train', 'val'])
def test_textures_come_from_the_columns_of_their_split(split, monkeypatch):
    """Photographs whose red channel is the column's number; brick has 512 columns, two to a number."""
    height, width, _ = load_photographs()['brick'].shape
    ramp = np.broadcast_to((np.arange(width) // 2).astype(np.uint8)[None, :, None], (height, width, 3))
    monkeypatch.setattr('sslrecipes.datasets.scene_drawing.load_photographs', lambda: {'brick': ramp})
    rng = np.random.default_rng(0)
    columns = {int(value) for _ in range(20) for value in np.unique(cut_texture(rng, 'brick', split, 256))}
    allowed = {column // 2 for start, stop in split_bands(width, split) for column in range(start, stop)}
    assert columns <= allowed
    assert len(columns) > 0.8 * len(allowed)


def test_the_files_are_the_same_each_time_and_do_not_depend_on_how_many(root, tmp_path):
    prepare_photo_scenes(tmp_path / 'again', COUNTS)
    assert contents(tmp_path / 'again') == contents(root)
    prepare_photo_scenes(tmp_path / 'fewer', (2, 1))
    fewer, whole = contents(tmp_path / 'fewer'), contents(root)
    assert all(whole[name] == data for name, data in fewer.items() if name.endswith(('.jpg', '.png')))


def test_the_scenes_are_those_of_this_version(root):
    """Before JPEG, which libraries may encode in their own way. Change ``VERSION`` along with this."""
    assert photo_scenes.VERSION == 1
    assert json.loads((root / 'meta.json').read_text())['sha256'][:16] == '5e3b049d1a69cc53'


def test_a_finished_folder_is_left_alone_and_an_old_one_written_anew(tmp_path, monkeypatch):
    root = tmp_path / 'scenes'
    prepare_photo_scenes(root, (1, 1))
    before = root.stat().st_ino
    prepare_photo_scenes(root, (2, 2))
    assert root.stat().st_ino == before
    monkeypatch.setattr(photo_scenes, 'VERSION', 2)
    prepare_photo_scenes(root, (2, 2))
    assert len(list((root / 'train').iterdir())) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ['.scenes.lock', 'scenes']


@pytest.mark.parametrize('file', ['train/0000.jpg', 'semantic/val/0000.png', 'annotations/instances_train.json'])
def test_a_damaged_folder_is_written_anew(tmp_path, file):
    root = tmp_path / 'scenes'
    prepare_photo_scenes(root, (1, 1))
    whole = contents(root)
    damaged = bytearray(whole[file])
    damaged[len(damaged) // 2] ^= 1
    (root / file).write_bytes(damaged)
    prepare_photo_scenes(root, (1, 1))
    assert contents(root) == whole
    (root / file).unlink()
    prepare_photo_scenes(root, (1, 1))
    assert contents(root) == whole


def test_scenes_of_stamps(tmp_path, stamp_folder):
    root = tmp_path / 'scenes'
    prepare_photo_scenes(root, (3, 1), objects='stamps')
    content = annotations(root)
    assert [category['name'] for category in content['categories']] == list(STAMPS)
    assert json.loads((root / 'meta.json').read_text())['objects'] == 'stamps'
    for annotation in content['annotations']:
        code = coco_mask.frPyObjects(annotation['segmentation'], 256, 256)
        name = f'{annotation["image_id"] - 1:04}'
        semantic = np.asarray(Image.open(root / 'semantic' / 'train' / f'{name}.png'))
        inside = coco_mask.decode(code) == 1
        assert set(semantic[inside]) <= {len(STUFF) + annotation['category_id'] - 1, IGNORED}
        surface = np.asarray(Image.open(root / 'train' / f'{name}.jpg'))[inside & (semantic != IGNORED)]
        assert np.ptp(np.percentile(surface, (20, 80), axis=0), axis=0).max() < 30  # the colour of the stamp
    with pytest.raises(DataError, match=r'holds PhotoScenes of stamps, not of digits: set data_root'):
        prepare_photo_scenes(root)
    shutil.rmtree(stamp_folder)
    prepare_photo_scenes(root, objects='stamps')  # what is there already needs no package


def test_objects_that_are_not_there_are_told_before_anything_is_written(tmp_path, stamp_folder):
    scenes = {'type': 'sslrecipes.PhotoScenesDetection', 'data_root': str(tmp_path / 'scenes'), 'data_prefix': {}}
    check_dataset({**scenes, 'objects': 'stamps'})
    shutil.rmtree(stamp_folder)
    stamp_files.check_stamps.cache_clear()
    check_dataset(scenes)
    for refused in (check_dataset, lambda cfg: prepare_photo_scenes(cfg['data_root'], objects=cfg['objects'])):
        with pytest.raises(DataError, match=r'install Debian.s package tuxpaint-stamps-default'):
            refused({**scenes, 'objects': 'stamps'})
        with pytest.raises(ConfigError, match='digits and stamps, not "letters"'):
            refused({**scenes, 'objects': 'letters'})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_never_touched(tmp_path):
    (tmp_path / 'coco').mkdir()
    (tmp_path / 'coco' / 'mine.txt').write_text('precious')
    with pytest.raises(DataError, match=r'holds something else than PhotoScenes'):
        prepare_photo_scenes(tmp_path / 'coco')
    assert (tmp_path / 'coco' / 'mine.txt').read_text() == 'precious'


def test_what_fails_half_way_leaves_no_folder(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(photo_scenes, '_annotate', full)
    with pytest.raises(StorageError, match='No space left'):
        prepare_photo_scenes(tmp_path / 'scenes', (1, 1))
    assert [path.name for path in tmp_path.iterdir()] == ['.scenes.lock']


def test_processes_that_start_at_once_write_it_once(tmp_path):
    context = mp.get_context('fork')
    workers = [context.Process(target=prepare_photo_scenes, args=(tmp_path / 'scenes', (6, 2))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(contents(tmp_path / 'scenes')) == 2 * 8 + 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ['.scenes.lock', 'scenes']


@pytest.mark.parametrize('mask', [[[1, 0], [1, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 1]], [[0, 1], [0, 0]]])
def test_run_lengths(mask):
    mask = np.array(mask, bool)
    code = coco_mask.frPyObjects({'size': [2, 2], 'counts': run_lengths(mask)}, 2, 2)
    assert (coco_mask.decode(code) == mask).all()
