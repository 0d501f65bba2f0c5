"""The data set bases read small folders in the official layouts through mmdet's and mmseg's own classes."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DATASETS, METRICS, DefaultScope
from PIL import Image

import sslrecipes.transfer  # noqa: F401  registers
from sslrecipes.config.reading import read_config
from sslrecipes.datasets.photo_scenes import prepare_photo_scenes
from sslrecipes.datasets.preflight.dataset import check_dataset

BASES = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'transfer' / 'datasets'
HEIGHT, WIDTH = 60, 80
OBJECTS = [('person', [10, 10, 30, 40], 1), ('car', [40, 20, 30, 30], 2)]


def write_image(path, seed=0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, format='JPEG' if path.suffix in ('.jpg', '.JPEG') else 'PNG')


def write_map(path, values) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.resize(np.repeat(np.uint8(values), 8), (HEIGHT, WIDTH))).save(path)


def coco_categories() -> list[dict]:
    from mmdet.datasets import CocoDataset

    return [{'id': number, 'name': name} for number, name in enumerate(CocoDataset.METAINFO['classes'], 1)]


def coco(root) -> None:
    categories = coco_categories()
    ids = {category['name']: category['id'] for category in categories}
    for split in ('train', 'val'):
        images, annotations = [], []
        for number in (1, 2):
            images.append({'id': number, 'file_name': f'{number:012}.jpg', 'height': HEIGHT, 'width': WIDTH})
            write_image(root / f'{split}2017' / images[-1]['file_name'], number)
            for name, (left, top, width, height), _ in OBJECTS:
                right, bottom = left + width, top + height
                annotations.append({
                    'id': len(annotations) + 1, 'image_id': number, 'category_id': ids[name], 'iscrowd': 0,
                    'bbox': [left, top, width, height], 'area': width * height,
                    'segmentation': [[left, top, right, top, right, bottom, left, bottom]],
                })  # fmt: skip
        content = {'images': images, 'annotations': annotations, 'categories': categories}
        (root / 'annotations').mkdir(exist_ok=True)
        (root / 'annotations' / f'instances_{split}2017.json').write_text(json.dumps(content))


def coco_panoptic(root) -> None:
    from mmdet.datasets import CocoPanopticDataset

    names = CocoPanopticDataset.METAINFO['classes']
    categories = [{'id': n, 'name': name, 'isthing': int(n <= 80)} for n, name in enumerate(names, 1)]
    folder = root / 'annotations'
    folder.mkdir()
    for split in ('train', 'val'):
        write_image(root / f'{split}2017' / '1.jpg')
        ids = np.full((HEIGHT, WIDTH), 3)  # of stuff
        segments = [{'id': 3, 'category_id': 100, 'iscrowd': 0, 'bbox': [0, 0, WIDTH, HEIGHT], 'area': 3000}]
        for number, (_, (left, top, width, height), _) in enumerate(OBJECTS, 1):
            ids[top : top + height, left : left + width] = number
            box = [left, top, width, height]
            segments.append({'id': number, 'category_id': number, 'iscrowd': 0, 'bbox': box, 'area': width * height})
        (folder / f'panoptic_{split}2017').mkdir()
        colours = np.stack([ids, 0 * ids, 0 * ids], axis=-1).astype(np.uint8)
        Image.fromarray(colours).save(folder / f'panoptic_{split}2017' / '1.png')
        images = [{'id': 1, 'file_name': '1.jpg', 'height': HEIGHT, 'width': WIDTH}]
        entries = [{'image_id': 1, 'file_name': '1.png', 'segments_info': segments}]
        content = {'images': images, 'annotations': entries, 'categories': categories}
        (folder / f'panoptic_{split}2017.json').write_text(json.dumps(content))


def voc(root) -> None:
    for year in (2007, 2012):
        folder = root / f'VOC{year}'
        (folder / 'ImageSets' / 'Main').mkdir(parents=True)
        (folder / 'Annotations').mkdir()
        for split, name in (('trainval', '000001'), ('test', '000002')):
            (folder / 'ImageSets' / 'Main' / f'{split}.txt').write_text(f'{name}\n')
            write_image(folder / 'JPEGImages' / f'{name}.jpg')
            objects = ''.join(
                f'<object><name>{name}</name><difficult>{difficult - 1}</difficult><bndbox><xmin>{left}</xmin>'
                f'<ymin>{top}</ymin><xmax>{left + width}</xmax><ymax>{top + height}</ymax></bndbox></object>'
                for name, (left, top, width, height), difficult in OBJECTS
            )
            size = f'<size><width>{WIDTH}</width><height>{HEIGHT}</height></size>'
            (folder / 'Annotations' / f'{name}.xml').write_text(f'<annotation>{size}{objects}</annotation>')


def ade20k(root) -> None:
    for split in ('training', 'validation'):
        write_image(root / 'images' / split / 'ADE_1.jpg')
        write_map(root / 'annotations' / split / 'ADE_1.png', [0, 1, 150])


def cityscapes(root) -> None:
    for split in ('train', 'val'):
        write_image(root / 'leftImg8bit' / split / 'ulm' / 'ulm_1_leftImg8bit.png')
        write_map(root / 'gtFine' / split / 'ulm' / 'ulm_1_gtFine_labelTrainIds.png', [0, 18, 255])


def imagenet_s(root) -> None:
    for number in range(919):
        (root / 'train-semi' / f'n{number:08}').mkdir(parents=True)
    for split in ('train-semi', 'validation'):
        write_image(root / split / 'n00000300' / '1.JPEG')
        path = root / f'{split}-segmentation' / 'n00000300' / '1.png'
        path.parent.mkdir(parents=True)
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), (301 - 256, 1, 0), np.uint8)).save(path)


def photo_scenes(root) -> None:
    prepare_photo_scenes(root, (1, 1))


WRITERS = {
    'ade20k_512.py': ade20k,
    'cityscapes_512x1024.py': cityscapes,
    'coco_detection.py': coco,
    'coco_instance.py': coco,
    'coco_instance_lsj_1024.py': coco,
    'coco_panoptic.py': coco_panoptic,
    'imagenet-s.py': imagenet_s,
    'photo_scenes_instance_256.py': photo_scenes,
    'photo_scenes_semantic_256.py': photo_scenes,
    'voc0712_detection.py': voc,
}


def scope(name) -> str:
    return 'mmdet' if any(word in name for word in ('coco', 'voc', 'instance')) else 'mmseg'


def moved(node, old, new):
    """Replace the data root wherever a resolved config uses it."""
    if isinstance(node, dict):
        return {key: moved(value, old, new) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(moved(value, old, new) for value in node)
    return new + node.removeprefix(old) if isinstance(node, str) and node.startswith(old) else node


def read(name, root):
    cfg = read_config(BASES / name).to_dict()
    return moved(cfg, cfg['data_root'], f'{root}/')


@pytest.fixture(scope='module')
def roots(tmp_path_factory):
    """Folder of each base, written when first asked for."""
    written = {}

    def root(name):
        writer = WRITERS[name]
        if writer not in written:
            written[writer] = tmp_path_factory.mktemp('data') / 'root'
            if writer is not photo_scenes:
                written[writer].mkdir()
            writer(written[writer])
        return written[writer]

    return root


def build(name, root, split):
    cfg = read(name, root)
    with DefaultScope.overwrite_default_scope(scope(name)):
        return DATASETS.build(cfg[f'{split}_dataloader']['dataset'])


@pytest.fixture(scope='module')
def samples(roots):
    """First training and first validation sample of each base, read when first asked for."""
    read_already = {}

    def first(name):
        if name not in read_already:
            read_already[name] = [build(name, roots(name), split)[0] for split in ('train', 'val')]
        return read_already[name]

    return first


@pytest.mark.parametrize('name', WRITERS)
def test_a_base_reads_the_official_layout_from_one_data_root(name, roots, samples):
    cfg = read(name, roots(name))
    assert "'data/" not in str(cfg)
    for split in ('train', 'val', 'test'):
        check_dataset(cfg[f'{split}_dataloader']['dataset'])
    for sample in samples(name):
        assert sample['inputs'].shape[0] == 3
        assert sample['inputs'].dtype.is_floating_point is False
    with DefaultScope.overwrite_default_scope(scope(name)):
        assert METRICS.build(cfg['val_evaluator'])
    assert cfg['test_evaluator'] == cfg['val_evaluator']


@pytest.mark.parametrize(('name', 'least'), [('coco_detection.py', 640), ('voc0712_detection.py', 480)])
def test_detectors_train_on_several_sizes_and_test_on_one(name, least, roots, samples):
    train = build(name, roots(name), 'train')
    sides = {min(train[0]['inputs'].shape[1:]) for _ in range(4)}
    assert len(sides) > 1
    assert all(side in range(least, 801, 32) for side in sides)
    assert min(samples(name)[1]['inputs'].shape[1:]) == 800
    assert read(name, roots(name))['train_dataloader']['batch_sampler'] == dict(type='AspectRatioBatchSampler')


@pytest.mark.parametrize('name', ['coco_instance.py', 'coco_panoptic.py'])
def test_sizes_are_the_same_with_masks(name, roots):
    pipelines = [read(n, roots(n))['train_dataloader']['dataset']['pipeline'] for n in (name, 'coco_detection.py')]
    assert pipelines[0][2:] == pipelines[1][2:]


def test_masks_come_with_boxes(samples):
    truth = samples('coco_instance.py')[0]['data_samples'].gt_instances
    assert truth.labels.tolist() == [0, 2]
    assert truth.masks.masks.shape[0] == len(truth.bboxes) == 2


def test_large_scale_jitter_crops_and_does_not_pad(roots):
    train = build('coco_instance_lsj_1024.py', roots('coco_instance.py'), 'train')
    sizes = {tuple(train[0]['inputs'].shape) for _ in range(4)}
    assert len(sizes) > 1
    assert max(max(size) for size in sizes) <= 1024


def test_things_and_stuff(samples):
    truth = samples('coco_panoptic.py')[0]['data_samples']
    assert truth.gt_instances.labels.tolist() == [0, 1]
    assert set(truth.gt_sem_seg.sem_seg.unique().tolist()) == {0, 1, 99}


def test_difficult_objects_of_voc_are_trained_on_but_not_tested(roots, samples):
    train, test = (sample['data_samples'] for sample in samples('voc0712_detection.py'))
    assert len(train.gt_instances) == 2
    assert (len(test.gt_instances), len(test.ignored_instances)) == (1, 1)
    assert len(build('voc0712_detection.py', roots('voc0712_detection.py'), 'train')) == 2  # both years


@pytest.mark.parametrize(
    ('name', 'classes'),
    [
        ('ade20k_512.py', {0, 149, 255}),
        ('cityscapes_512x1024.py', {0, 18, 255}),
        ('imagenet-s.py', {301}),
    ],
)
def test_maps_hold_the_classes_of_the_heads(name, classes, samples):
    train, val = (sample['data_samples'].gt_sem_seg.data for sample in samples(name))
    assert set(val.unique().tolist()) == classes
    assert val.shape[1:] == (HEIGHT, WIDTH)
    assert set(train.unique().tolist()) <= classes


def test_the_metric_of_voc_averages_ten_thresholds(roots):
    cfg = read('voc0712_detection.py', roots('voc0712_detection.py'))
    assert cfg['val_evaluator']['iou_thrs'] == pytest.approx(np.arange(0.5, 1, 0.05))
