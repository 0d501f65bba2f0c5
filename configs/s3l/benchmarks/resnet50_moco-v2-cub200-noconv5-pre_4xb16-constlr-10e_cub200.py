_base_ = [
    '../../_base_/models/s3l/resnet50_conv5-warmup.py',
    '../../_base_/datasets/small/cub200.py',
    '../../_base_/datasets/s3l/classify_224.py',
    '../../_base_/schedules/s3l/sgd_constlr_conv5-warmup.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/moco-v2_resnet50-noconv5_4xb32-coslr-200e_cub200/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)), head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.crop_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))
