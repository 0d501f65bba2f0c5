import json
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from sslrecipes.transfer.panoptic import CocoPanopticMetric, PQStat, id2rgb, rgb2id

CATEGORIES = [
    {'id': 10, 'name': 'cat', 'isthing': 1},
    {'id': 20, 'name': 'dog', 'isthing': 1},
    {'id': 30, 'name': 'sky', 'isthing': 0},
    {'id': 40, 'name': 'sea', 'isthing': 0},
]
BY_ID = {category['id']: category for category in CATEGORIES}


def test_numbers_and_colours():
    assert rgb2id(np.uint8([[[1, 2, 3]]])).tolist() == [[1 + 2 * 256 + 3 * 65536]]
    numbers = np.random.default_rng(0).integers(0, 256**3, (5, 7))
    assert id2rgb(numbers).dtype == np.uint8
    assert (rgb2id(id2rgb(numbers)) == numbers).all()


def test_qualities_of_counted_segments():
    first, second = PQStat(), PQStat()
    first[10].tp, first[10].iou, first[10].fp = 1, 0.6, 1
    second[10].tp, second[10].iou, second[10].fn = 1, 0.9, 1
    second[20].fn = 2
    first += pickle.loads(pickle.dumps(second))  # noqa: S301  as between mmdet's processes
    means, single = first.pq_average(BY_ID, isthing=True)
    assert single[10] == pytest.approx({'pq': 1.5 / 3, 'sq': 0.75, 'rq': 2 / 3})
    assert single[20] == {'pq': 0, 'sq': 0, 'rq': 0}
    assert means == pytest.approx({'pq': 0.25, 'sq': 0.375, 'rq': 1 / 3, 'n': 2})
    assert first.pq_average(BY_ID, isthing=False)[0] == {'pq': 0, 'sq': 0, 'rq': 0, 'n': 0}
    assert first.pq_average(BY_ID)[0]['n'] == 2


def test_mmdets_metric_runs_on_it(tmp_path):
    """Two cats, of which one is found with three quarters of its pixels, on a sky that is found whole but for them."""
    truth = np.full((8, 8), 3)
    truth[:4, :4], truth[4:, 4:] = 1, 2
    (tmp_path / 'maps').mkdir()
    Image.fromarray(id2rgb(truth)).save(tmp_path / 'maps' / '7.png')
    segments = [
        {
            'id': number,
            'category_id': category,
            'iscrowd': 0,
            'area': int((truth == number).sum()),
            'bbox': [0, 0, 8, 8],
        }
        for number, category in ((1, 10), (2, 10), (3, 30))
    ]
    content = {
        'images': [{'id': 7, 'file_name': '7.jpg', 'height': 8, 'width': 8}],
        'annotations': [{'image_id': 7, 'file_name': '7.png', 'segments_info': segments}],
        'categories': CATEGORIES,
    }
    (tmp_path / 'panoptic.json').write_text(json.dumps(content))
    found = np.full((8, 8), 2)  # class sky
    found[:4, :3] = 1000  # first object of class cat
    sample = {
        'img_id': 7,
        'img_path': '7.jpg',
        'ori_shape': (8, 8),
        'pred_panoptic_seg': {'sem_seg': torch.tensor(found)[None]},
    }
    metric = CocoPanopticMetric(ann_file=str(tmp_path / 'panoptic.json'), seg_prefix=str(tmp_path / 'maps'), nproc=1)
    metric.dataset_meta = {'classes': ('cat', 'dog', 'sky', 'sea'), 'thing_classes': ('cat', 'dog')}
    metric.process({}, [sample])
    values = metric.evaluate(1)
    sky = 32 / 52  # the sky is taken to be where 4 + 16 pixels of cats are, too
    cat = 0.75 / 1.5
    assert values['coco_panoptic/PQ'] == pytest.approx(100 * (cat + sky) / 2, abs=0.01)
    assert values['coco_panoptic/PQ_th'] == pytest.approx(100 * cat, abs=0.01)
    assert values['coco_panoptic/PQ_st'] == pytest.approx(100 * sky, abs=0.01)
