"""mmdet's Mask R-CNN trains a step and predicts on the operators that torchvision lends to mmcv."""

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope

CONFIG = """
_base_ = 'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'
model = dict(
    backbone=dict(depth=18, init_cfg=None),
    neck=dict(in_channels=[64, 128, 256, 512], out_channels=32),
    rpn_head=dict(in_channels=32, feat_channels=32),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=32),
        bbox_head=dict(in_channels=32, fc_out_channels=64, num_classes=10),
        mask_roi_extractor=dict(out_channels=32),
        mask_head=dict(num_convs=1, in_channels=32, conv_out_channels=32, num_classes=10)),
    train_cfg=dict(rpn_proposal=dict(nms_pre=50, max_per_img=20)),
    test_cfg=dict(rpn=dict(nms_pre=50, max_per_img=20), rcnn=dict(score_thr=0.0, max_per_img=5)))
"""


@pytest.fixture
def detector(tmp_path):
    import mmdet.models  # noqa: F401  registers the detectors
    from mmdet.registry import MODELS

    (tmp_path / 'detector.py').write_text(CONFIG)
    with DefaultScope.overwrite_default_scope('mmdet'):
        yield MODELS.build(Config.fromfile(tmp_path / 'detector.py').model)


def test_mask_rcnn_trains_and_predicts(detector):
    from mmdet.testing import demo_mm_inputs

    batch = demo_mm_inputs(2, [(3, 96, 128)] * 2, num_classes=10, num_items=[3, 2], with_mask=True)
    before = [weight.detach().clone() for weight in detector.rpn_head.parameters()]
    losses = detector.train_step(batch, OptimWrapper(torch.optim.SGD(detector.parameters(), lr=1e-3)))
    assert {'loss_rpn_cls', 'loss_bbox', 'loss_mask'} <= losses.keys()
    assert torch.isfinite(losses['loss'])
    assert all(bool((old != new).any()) for old, new in zip(before, detector.rpn_head.parameters(), strict=True))

    detector.eval()
    with torch.no_grad():
        found = detector.test_step(batch)[0].pred_instances
    assert found.bboxes.shape == (5, 4)
    assert found.masks.shape == (5, 96, 128)
