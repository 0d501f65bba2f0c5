"""Mask R-CNN with FPN on ResNet-50 by detectron2's defaults: see mask-rcnn_c4-frozenbn.py."""

_base_ = 'mask-rcnn_resnet50-fpn.py'

model = dict(backbone=dict(frozen_stages=1, norm_cfg=dict(type='BN', requires_grad=False), norm_eval=True))
