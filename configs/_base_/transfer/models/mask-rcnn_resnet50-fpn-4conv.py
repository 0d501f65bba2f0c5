"""Mask R-CNN with FPN on ResNet-50, batch norm in backbone, FPN and a convolutional box head: JigClu's and W2SSL's."""

_base_ = 'mask-rcnn_resnet50-fpn-syncbn.py'

model = dict(
    roi_head=dict(
        bbox_head=dict(type='Shared4Conv1FCBBoxHead', norm_cfg=dict(type='SyncBN', requires_grad=True)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=6000)),
)
