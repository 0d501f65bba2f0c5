"""SSLight's schedule for Pascal VOC 07+12 with C4: 32 images per step."""

_base_ = 'sgd_bs16_90k.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=101),
    dict(type='MultiStepLR', by_epoch=False, milestones=[36_000, 44_000], gamma=0.1),
]
train_cfg = dict(max_iters=48_000, val_interval=12_000)
auto_scale_lr = dict(base_batch_size=32)
