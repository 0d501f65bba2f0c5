"""A tiny COCO data set, a tiny Mask R-CNN on it, and the tools that kill runs."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

import sslrecipes.transfer  # noqa: F401  registers
from sslrecipes.config.reading import read_config

ROOT = Path(__file__).resolve().parents[2]
IMAGES, CLASSES, SIDE = 24, ('green', 'red'), 24
COLOURS = ((0, 255, 0), (255, 0, 0))


@pytest.fixture(scope='session')
def tiny_coco(tmp_path_factory):
    """Folder with ``images/`` and ``instances.json``: noise, upright and lying, with a square of each class."""
    folder = tmp_path_factory.mktemp('coco')
    (folder / 'images').mkdir()
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for number in range(IMAGES):
        height, width = (64, 96) if number % 3 else (96, 64)
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        for category, colour in enumerate(COLOURS):
            left, top = (int(value) for value in rng.integers(0, 64 - SIDE, 2))
            right, bottom = left + SIDE, top + SIDE
            pixels[top:bottom, left:right] = colour
            annotations.append({
                'id': len(annotations) + 1, 'image_id': number, 'category_id': category + 1, 'iscrowd': 0,
                'bbox': [left, top, SIDE, SIDE], 'area': SIDE**2,
                'segmentation': [[left, top, right, top, right, bottom, left, bottom]],
            })  # fmt: skip
        images.append({'id': number, 'file_name': f'{number}.jpg', 'height': height, 'width': width})
        Image.fromarray(pixels).save(folder / 'images' / f'{number}.jpg')
    categories = [{'id': number, 'name': name} for number, name in enumerate(CLASSES, 1)]
    table = {'images': images, 'annotations': annotations, 'categories': categories}
    (folder / 'instances.json').write_text(json.dumps(table))
    return folder


@pytest.fixture
def mask_rcnn(tiny_coco, tmp_path):
    """Config of a run of a few seconds: 20 iterations, 12 of them an epoch, with a validation every seven."""
    text = (Path(__file__).with_name('tiny_mask_rcnn.py')).read_text()
    path = tmp_path / 'tiny_mask_rcnn.py'
    path.write_text(text.replace('<configs>', str(ROOT / 'configs')).replace('<coco>', f'{tiny_coco}/'))
    cfg = read_config(path)
    cfg.merge_from_dict({'work_dir': str(tmp_path / 'run'), 'launcher': 'none'})
    return Config(cfg.to_dict())


@pytest.fixture(scope='session')
def restarting():
    """Module ``tests/recipes/restarting.py``."""
    spec = importlib.util.spec_from_file_location('transfer_restarting', ROOT / 'tests' / 'recipes' / 'restarting.py')
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
