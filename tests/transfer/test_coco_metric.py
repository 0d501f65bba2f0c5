"""The metric on faster-coco-eval against pycocotools itself."""

import json

import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sslrecipes.transfer import CocoMetric

ITEMS = ['mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l',
         'AR@100', 'AR@300', 'AR@1000', 'AR_s@1000', 'AR_m@1000', 'AR_l@1000']  # fmt: skip
CLASSES = ('cat', 'dog', 'cow')
HEIGHT, WIDTH, PICTURES = 240, 320, 12


def random_mask(rng) -> np.ndarray:
    """Draw an ellipse: a third each small (below 32 x 32), medium and large (above 96 x 96)."""
    low, high = ((4, 14), (20, 45), (60, 110))[rng.integers(3)]
    tall, wide = rng.uniform(low, high, 2)
    y, x = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return ((rows - y) / tall) ** 2 + ((columns - x) / wide) ** 2 <= 1


def box_of(mask) -> list[float]:
    rows, columns = np.nonzero(mask)
    return [float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)]


def rle(mask) -> dict:
    code = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {**code, 'counts': code['counts'].decode()}


@pytest.fixture(scope='module')
def truth(tmp_path_factory):
    """Annotation file of random objects, some of them crowds; and their masks."""
    rng = np.random.default_rng(0)
    images = [{'id': n, 'file_name': f'{n}.jpg', 'height': HEIGHT, 'width': WIDTH} for n in range(1, PICTURES + 1)]
    annotations, masks = [], {image['id']: [] for image in images}
    for image in images:
        for _ in range(8):
            mask, category = random_mask(rng), int(rng.integers(3))
            left, top, right, bottom = box_of(mask)
            annotations.append({
                'id': len(annotations) + 1, 'image_id': image['id'], 'category_id': 10 * category + 5,
                'bbox': [left, top, right - left, bottom - top], 'area': float(mask.sum()),
                'iscrowd': int(rng.random() < 0.1), 'segmentation': rle(mask),
            })  # fmt: skip
            masks[image['id']].append((mask, category))
    categories = [{'id': 10 * number + 5, 'name': name} for number, name in enumerate(CLASSES)]
    path = tmp_path_factory.mktemp('coco') / 'instances.json'
    path.write_text(json.dumps({'images': images, 'annotations': annotations, 'categories': categories}))
    return path, masks


@pytest.fixture(scope='module')
def predictions(truth):
    """Shifted objects of mostly the right class and objects where nothing is."""
    rng = np.random.default_rng(1)
    samples = []
    for number, objects in truth[1].items():
        found = []
        for mask, category in objects:
            for _ in range(rng.integers(0, 4)):
                moved = np.roll(mask, rng.integers(-6, 7, 2), (0, 1))
                found.append((moved, category if rng.random() < 0.8 else int(rng.integers(3))))
        found += [(random_mask(rng), int(rng.integers(3))) for _ in range(4)]
        samples.append({
            'img_id': number, 'ori_shape': (HEIGHT, WIDTH),
            'pred_instances': {
                'bboxes': torch.tensor([box_of(mask) for mask, _ in found]),
                'scores': torch.tensor(rng.random(len(found)), dtype=torch.float32),
                'labels': torch.tensor([label for _, label in found]),
                'masks': torch.tensor(np.stack([mask for mask, _ in found])),
            },
        })  # fmt: skip
    return samples


def expected(truth, predictions, kind) -> np.ndarray:
    """Let pycocotools compute its twelve numbers."""
    entries = []
    for sample in predictions:
        found = sample['pred_instances']
        for box, score, label, mask in zip(*(found[k] for k in ('bboxes', 'scores', 'labels', 'masks')), strict=True):
            left, top, right, bottom = box.tolist()
            where = {'bbox': [left, top, right - left, bottom - top]} if kind == 'bbox' else {}
            where = where or {'segmentation': rle(mask.numpy())}
            entry = {'image_id': sample['img_id'], 'category_id': 10 * int(label) + 5, 'score': float(score)}
            entries.append({**entry, **where})
    coco = COCO(str(truth[0]))
    judge = COCOeval(coco, coco.loadRes(entries), kind)
    judge.params.maxDets = [100, 300, 1000]
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return judge.stats


def evaluate(metric, samples) -> dict[str, float]:
    metric.dataset_meta = {'classes': CLASSES}
    metric.process({}, samples)
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_all_twelve_numbers_are_those_of_pycocotools(truth, predictions, kind):
    found = evaluate(CocoMetric(ann_file=str(truth[0]), metric=kind, metric_items=ITEMS), predictions)
    reference = expected(truth, predictions, kind)
    assert [found[f'coco/{kind}_{item}'] for item in ITEMS] == [round(value, 3) for value in reference]
    assert len({*np.round(reference, 3)}) >= 7
    assert 0.05 < reference[0] < 0.9


def test_unrounded_the_numbers_agree_as_well(truth, predictions, monkeypatch):
    seen = []
    module = 'mmdet.evaluation.metrics.faster_coco_metric.COCOeval_faster'
    from faster_coco_eval import COCOeval_faster

    class Watched(COCOeval_faster):
        def summarize(self):
            super().summarize()
            seen.append(np.array(self.stats[:12]))

    monkeypatch.setattr(module, Watched)
    evaluate(CocoMetric(ann_file=str(truth[0]), metric=['bbox', 'segm']), predictions)
    for kind, stats in zip(('bbox', 'segm'), seen, strict=True):
        np.testing.assert_allclose(stats, expected(truth, predictions, kind), rtol=0, atol=1e-12)


def test_a_detector_that_finds_nothing_gets_zero(truth):
    empty = {'bboxes': torch.zeros(0, 4), 'scores': torch.zeros(0), 'labels': torch.zeros(0, dtype=torch.long),
             'masks': torch.zeros(0, HEIGHT, WIDTH, dtype=torch.bool)}  # fmt: skip
    samples = [{'img_id': number, 'ori_shape': (HEIGHT, WIDTH), 'pred_instances': empty} for number in truth[1]]
    found = evaluate(CocoMetric(ann_file=str(truth[0]), metric=['bbox', 'segm']), samples)
    assert found['coco/bbox_mAP'] == found['coco/segm_mAP_50'] == 0
    assert len(found) == 12


def test_pictures_that_were_not_evaluated_do_not_count(truth, predictions, tmp_path):
    few = predictions[:5]
    content = json.loads(truth[0].read_text())
    content['images'] = content['images'][:5]
    content['annotations'] = [entry for entry in content['annotations'] if entry['image_id'] <= 5]
    (tmp_path / 'few.json').write_text(json.dumps(content))
    cut = evaluate(CocoMetric(ann_file=str(truth[0]), metric=['bbox', 'segm']), few)
    assert cut == evaluate(CocoMetric(ann_file=str(tmp_path / 'few.json'), metric=['bbox', 'segm']), few)
    assert cut['coco/bbox_mAP'] > 0.01
