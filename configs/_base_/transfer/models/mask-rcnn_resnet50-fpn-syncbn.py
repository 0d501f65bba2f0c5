"""Mask R-CNN with FPN on ResNet-50, batch norm in backbone and FPN: MoCo's and S3L's setting."""

_base_ = 'mask-rcnn_resnet50-fpn.py'

model = dict(neck=dict(norm_cfg=dict(type='SyncBN', requires_grad=True)))
