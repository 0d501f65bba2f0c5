_base_ = [
    '../../_base_/models/s3l/resnet50_features.py',
    '../../_base_/datasets/s3l/classify_224.py',
    '../../_base_/datasets/small/cars.py',
    '../../_base_/evaluation/s3l/linear.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/moco-v2_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth'
model = dict(
    _base_.probe,
    num_classes=_base_.num_classes,
    in_channels=2048,
    backbone=dict(init_cfg=dict(checkpoint=checkpoint)),
)
train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.crop_pipeline))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))
