"""Mask R-CNN on the stride-16 features of ResNet-50, with the last stage as its head and one more norm behind that.

MoCo's C4 setting, which S3L and SSLight took over: features of a self-supervised network need the extra norm, because
their magnitude isn't that of a classifier's. Nothing is frozen, batch norm is synchronised; all else is detectron2's:
12000 (test: 6000) proposals before and 2000 (1000) after NMS, images padded to the largest of the batch only.
Differences as listed in mask-rcnn_fpn.py.
"""

_base_ = 'mmdet::_base_/models/mask-rcnn_r50-caffe-c4.py'

norm_cfg = dict(type='SyncBN', requires_grad=True)

model = dict(
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=1,
    ),
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ResNet',
        depth=50,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
        frozen_stages=-1,
        norm_cfg=norm_cfg,
        norm_eval=False,
        style='pytorch',
        zero_init_residual=False,
    ),
    roi_head=dict(shared_head=dict(type='ResLayerExtraNorm', norm_cfg=norm_cfg, norm_eval=False, style='pytorch')),
    train_cfg=dict(rpn=dict(assigner=dict(min_pos_iou=0.0), allowed_border=-1)),
)
