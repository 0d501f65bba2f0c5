# Of pictures in grey, as the network has seen them
_base_ = [
    '../../_base_/models/s3l/resnet50_features.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/evaluation/pretext/linear.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/colorization_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, in_channels=2048, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))

lightness = dict(type='Lightness')
train_pipeline = [_base_.load, _base_.crop, _base_.flip, lightness, _base_.pack]
test_pipeline = [_base_.test_load, _base_.resize, _base_.center_crop, lightness, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
