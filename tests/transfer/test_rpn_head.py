import pytest
import torch
from mmdet.models import RPNHead as Upstream
from mmengine.config import ConfigDict

from sslrecipes.transfer.rpn_head import RPNHead

TEST = ConfigDict(nms_pre=50, max_per_img=20, nms=dict(type='nms', iou_threshold=0.7), min_bbox_size=0)


def proposals(head, dtype):
    torch.manual_seed(0)
    scores, shifts = torch.randn(1, 3, 8, 8), torch.randn(1, 12, 8, 8)
    metas = [dict(img_shape=(1024, 1024))]
    module = head(
        in_channels=8, anchor_generator=dict(type='AnchorGenerator', scales=[8], ratios=[0.5, 1.0, 2.0], strides=[128])
    )
    return module.predict_by_feat([scores.to(dtype)], [shifts.to(dtype)], batch_img_metas=metas, cfg=TEST)[0].bboxes


@pytest.fixture(autouse=True)
def _in_the_scope_of_mmdet(_scoped):
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope('mmdet'):
        yield


def test_corners_keep_their_place_in_mixed_precision():
    exact = proposals(Upstream, torch.float32)
    assert torch.equal(proposals(RPNHead, torch.float32), exact)
    ours, upstream = proposals(RPNHead, torch.bfloat16), proposals(Upstream, torch.bfloat16)
    assert ours.dtype == torch.float32
    assert upstream.dtype == torch.bfloat16
    assert (ours % 1 != 0).any()
