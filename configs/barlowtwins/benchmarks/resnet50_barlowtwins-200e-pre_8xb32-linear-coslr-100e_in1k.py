_base_ = [
    '../../_base_/models/s3l/resnet50_features.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/evaluation/pretext/linear.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/barlowtwins_resnet50_8xb32-amp-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, in_channels=2048, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
optim_wrapper = dict(optimizer=dict(weight_decay=1e-6), paramwise_cfg=dict(decay_bias=True))
