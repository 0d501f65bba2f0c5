"""A thin Mask R-CNN that learns PhotoScenes, at half their size, in minutes on two CPU cores."""

_base_ = [
    '../../_base_/transfer/models/mask-rcnn_fpn.py',
    '../../_base_/transfer/datasets/photo_scenes_instance_256.py',
    '../../_base_/transfer/mmdet_runtime.py',
]

transfer = dict(checkpoint='work_dirs/dino-sslight_resnet-nano_1xb128-coslr-12e_photo-tiles-48px/epoch_12.pth')

# few regions, and one regression of boxes and masks for all ten digits
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ResNet_CIFAR',
        depth=18,
        stem_channels=16,
        base_channels=16,
        strides=(2, 2, 2, 2),
        out_indices=(1, 2, 3),
        zero_init_residual=False,
    ),
    neck=dict(in_channels=[32, 64, 128], out_channels=64, num_outs=4),
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        anchor_generator=dict(scales=[4], strides=[4, 8, 16, 32]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64, featmap_strides=[4, 8, 16]),
        bbox_head=dict(in_channels=64, fc_out_channels=256, num_classes=10, reg_class_agnostic=True),
        mask_roi_extractor=dict(out_channels=64, featmap_strides=[4, 8, 16]),
        mask_head=dict(num_convs=2, in_channels=64, conv_out_channels=64, num_classes=10, class_agnostic=True),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=128)),
        rpn_proposal=dict(nms_pre=500, max_per_img=200),
        rcnn=dict(sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=100)),
)

resize = dict(_base_.resize, scale=(128, 128))
train_pipeline = [_base_.load, _base_.annotate, resize, _base_.pack]
test_pipeline = [_base_.load, resize, _base_.test_pack]
train_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(
    type='sslrecipes.OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    constructor='sslrecipes.ParamGroupsConstructor',
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='MultiStepLR', by_epoch=False, milestones=[560, 720], gamma=0.1),
]
train_cfg = dict(type='sslrecipes.SSLIterTrainLoop', max_iters=800, val_interval=800)
val_cfg = dict()
test_cfg = dict()
