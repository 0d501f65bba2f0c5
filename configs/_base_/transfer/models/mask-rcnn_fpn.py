"""Mask R-CNN with FPN on ResNet-18, as detectron2 trains it from self-supervised weights.

Nothing is frozen; batch norm is trained and synchronised in the backbone, and there is none elsewhere. Other depths of
basic blocks need ``backbone=dict(depth=...)`` only.

mmdet's base has detectron2's values already: boxes and losses (L1, 256 anchors, 512 regions with a quarter of objects,
IoU .3/.7 and .5), proposals (2000 per level for training, 1000 for testing, 1000 of all levels after NMS at .7),
regions aligned without a fixed sampling ratio at 7 and 14 px, detections (score .05, NMS .5, 100 per image). Set
here are the initialisation of the pyramid and that an object gets its best anchor however small their overlap.

What mmdet doesn't express: an anchor that is the best of one object but overlaps more with another is trained for the
former (detectron2: the latter); the two fully connected layers of the box head and the layer that predicts masks start
from Xavier's and Kaiming's distributions (detectron2: Caffe's Xavier, and a normal one of .001).
"""

_base_ = 'mmdet::_base_/models/mask-rcnn_r50_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ResNet',
        depth=18,
        out_indices=(0, 1, 2, 3),
        frozen_stages=-1,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        norm_eval=False,
        style='pytorch',
        zero_init_residual=False,
    ),
    neck=dict(in_channels=[64, 128, 256, 512], init_cfg=dict(type='Caffe2Xavier', layer='Conv2d')),
    train_cfg=dict(
        rpn=dict(assigner=dict(min_pos_iou=0.0)),
        rcnn=dict(assigner=dict(match_low_quality=False)),
    ),
)
