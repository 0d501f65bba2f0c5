"""Mask R-CNN on MobileNetV2 with SSLight's pyramid: levels of strides 16 and 32, and 64 by subsampling.

Three anchor sizes per level (32, 64, 128 px on the first), and regions are pooled from the level that detectron2's
``4 + log2(size / 224)``, limited to 4 and 5, names.
"""

_base_ = 'mask-rcnn_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmpretrain.MobileNetV2',
        out_indices=(4, 7),
        frozen_stages=-1,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        norm_eval=False,
    ),
    neck=dict(in_channels=[96, 1280], num_outs=3),
    rpn_head=dict(anchor_generator=dict(scales=[2, 4, 8], strides=[16, 32, 64])),
    roi_head=dict(
        bbox_roi_extractor=dict(featmap_strides=[16, 32], finest_scale=224),
        mask_roi_extractor=dict(featmap_strides=[16, 32], finest_scale=224),
    ),
    train_cfg=dict(rpn_proposal=dict(max_per_img=2000)),
)
