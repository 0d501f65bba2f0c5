"""mmcv's operators must be torchvision's, bit for bit."""

import numpy as np
import pytest
import torch
import torchvision
from mmcv import ops
from mmcv.utils.env import collect_env
from mmcv.utils.ext_loader import check_ops_exist
from torch.testing import assert_close

IOU_THRESHOLD = 0.5


def _boxes(count=500, size=100.0):
    corners = torch.rand(count, 2) * size
    return torch.cat([corners, corners + torch.rand(count, 2) * size / 2], dim=1), torch.rand(count)


def _same(actual, expected):
    assert_close(actual, expected, rtol=0, atol=0)


def _greedy_nms(boxes, scores, offset):
    """Plain NumPy: take the best remaining box, drop all that overlap it."""
    order, kept = list(np.argsort(-scores)), []
    area = (boxes[:, 2:] - boxes[:, :2] + offset).prod(axis=1)
    while order:
        best = order.pop(0)
        kept.append(best)
        rest = np.array(order, dtype=int)
        low, high = np.maximum(boxes[best, :2], boxes[rest, :2]), np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.clip(high - low + offset, 0, None).prod(axis=1)
        order = rest[shared / (area[best] + area[rest] - shared) <= IOU_THRESHOLD].tolist()
    return kept


def test_nms_equals_torchvision():
    boxes, scores = _boxes()
    _, kept = ops.nms(boxes, scores, IOU_THRESHOLD)
    assert 1 < len(kept) < len(boxes)
    _same(kept, torchvision.ops.nms(boxes, scores, IOU_THRESHOLD))


@pytest.mark.parametrize('offset', [0, 1])
def test_nms_offset_adds_a_pixel_to_each_side(offset):
    boxes, scores = _boxes(size=12.0)
    _, kept = ops.nms(boxes, scores, IOU_THRESHOLD, offset=offset)
    assert kept.tolist() == _greedy_nms(boxes.double().numpy(), scores.numpy(), offset)


def test_nms_limits_and_takes_no_boxes():
    boxes, scores = _boxes()
    dets, kept = ops.nms(boxes, scores, IOU_THRESHOLD, score_threshold=0.5, max_num=7)
    assert dets.shape == (7, 5)
    assert bool((scores[kept] > 0.5).all())
    assert len(ops.nms(boxes[:0], scores[:0], IOU_THRESHOLD)[1]) == 0


def test_batched_nms_equals_torchvision():
    boxes, scores = _boxes()
    labels = torch.randint(0, 4, (len(boxes),))
    _, kept = ops.batched_nms(boxes, scores, labels, dict(type='nms', iou_threshold=IOU_THRESHOLD))
    _same(kept, torchvision.ops.batched_nms(boxes, scores, labels, IOU_THRESHOLD))


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('sampling_ratio', [0, 2])
def test_roi_align_equals_torchvision_forward_and_backward(aligned, sampling_ratio):
    boxes, _ = _boxes(count=20)
    rois = torch.cat([torch.randint(0, 2, (20, 1)).float(), boxes], dim=1)
    features = torch.randn(2, 5, 20, 24)
    results = []
    for layer in (ops.RoIAlign, torchvision.ops.RoIAlign):
        leaf = features.clone().requires_grad_()
        pooled = layer((7, 5), spatial_scale=0.25, sampling_ratio=sampling_ratio, aligned=aligned)(leaf, rois)
        (pooled * torch.linspace(-1, 1, pooled.numel()).view_as(pooled)).sum().backward()
        results.append((pooled.detach(), leaf.grad))
    assert results[0][1].abs().sum() > 0
    _same(*(pooled for pooled, _ in results))
    _same(*(grad for _, grad in results))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_roi_align_computes_half_precision_in_fp32(dtype):
    features = torch.randn(1, 3, 16, 16).to(dtype).requires_grad_()
    rois = torch.tensor([[0, 1, 1, 11, 9]]).to(dtype)
    pooled = ops.RoIAlign(4)(features, rois)
    pooled.sum().backward()
    _same(pooled, torchvision.ops.roi_align(features.float(), rois.float(), 4, aligned=True).to(dtype))
    assert features.grad.dtype is dtype


def test_roi_align_refuses_max_pooling():
    with pytest.raises(NotImplementedError, match=r"pool_mode='max' needs compiled"):
        ops.RoIAlign(4, pool_mode='max')(torch.zeros(1, 1, 8, 8), torch.tensor([[0.0, 1, 1, 5, 5]]))


def test_other_operators_import_and_refuse_to_run():
    with pytest.raises(NotImplementedError, match="mmcv op 'deform_conv_forward' needs compiled"):
        ops.deform_conv2d(torch.zeros(1, 1, 8, 8), torch.zeros(1, 18, 6, 6), torch.zeros(1, 1, 3, 3))


def test_mmcv_believes_it_has_operators():
    assert check_ops_exist()
    assert collect_env()['MMCV Compiler']
