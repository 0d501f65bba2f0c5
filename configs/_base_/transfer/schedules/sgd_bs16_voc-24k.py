"""MoCo's schedule for Pascal VOC 07+12 of 16 images per step, which S3L took over."""

_base_ = 'sgd_bs16_90k.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=101),
    dict(type='MultiStepLR', by_epoch=False, milestones=[18_000, 22_000], gamma=0.1),
]
train_cfg = dict(max_iters=24_000, val_interval=8_000)
