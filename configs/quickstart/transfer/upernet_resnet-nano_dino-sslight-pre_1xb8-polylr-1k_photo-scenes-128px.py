"""A thin UPerNet that learns PhotoScenes, at half their size, in minutes on two CPU cores."""

_base_ = [
    '../../_base_/transfer/models/upernet_resnet50.py',
    '../../_base_/transfer/datasets/photo_scenes_semantic_256.py',
    '../../_base_/transfer/mmseg_runtime.py',
]

transfer = dict(checkpoint='work_dirs/dino-sslight_resnet-nano_1xb128-coslr-12e_photo-tiles-48px/epoch_12.pth')

# the ten digits cover few pixels
loss = dict(class_weight=[1.0] * 8 + [5.0] * 10)
model = dict(
    data_preprocessor=dict(size=(128, 128)),
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ResNet_CIFAR',
        depth=18,
        stem_channels=16,
        base_channels=16,
        strides=(2, 2, 2, 2),
        out_indices=(0, 1, 2, 3),
        zero_init_residual=False,
    ),
    decode_head=dict(in_channels=[16, 32, 64, 128], channels=32, num_classes=18, loss_decode=loss),
    auxiliary_head=dict(in_channels=64, channels=32, num_classes=18, loss_decode=loss),
)

resize = dict(type='Resize', scale=(128, 128))
train_pipeline = [_base_.load, _base_.annotate, resize, _base_.pack]
test_pipeline = [_base_.load, resize, _base_.annotate, _base_.pack]
train_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(
    type='sslrecipes.OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05),
    constructor='sslrecipes.ParamGroupsConstructor',
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='PolyLR', power=0.9, eta_min=1e-5, by_epoch=False, begin=100, end=800),
]
train_cfg = dict(type='sslrecipes.SSLIterTrainLoop', max_iters=800, val_interval=800)
val_cfg = dict()
test_cfg = dict()
