import pytest
import torch
from mmengine.evaluator import Evaluator
from mmpretrain.structures import DataSample

import sslrecipes.evaluation  # noqa: F401  registers
from sslrecipes.datasets.voc_labels import ABSENT, IGNORED, PRESENT


@pytest.mark.golden('s3l/voc_ap')
def test_average_precision(case):
    official = case['in/targets']  # 0 is difficult, negative absent
    targets = torch.full_like(official, IGNORED)
    targets[official > 0], targets[official < 0] = PRESENT, ABSENT
    samples = [
        DataSample().set_pred_score(score).set_gt_score(target).to_dict()
        for score, target in zip(case['in/scores'], targets, strict=True)
    ]
    each, mean = (dict(type='InterpolatedAveragePrecision', average=average) for average in (None, 'macro'))
    evaluator = Evaluator([each, mean])
    evaluator.process(samples)
    found = evaluator.evaluate(len(samples))
    assert found['multi-label/AP_classwise'] == pytest.approx((100 * case['out/ap']).tolist(), rel=1e-5, nan_ok=True)
    assert found['multi-label/mAP'] == pytest.approx(case.meta['mAP_percent'], rel=1e-5)
