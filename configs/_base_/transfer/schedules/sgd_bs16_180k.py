"""detectron2's schedule "2x" of 16 images per step."""

_base_ = 'sgd_bs16_90k.py'

param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1001),
    dict(type='MultiStepLR', by_epoch=False, milestones=[120_000, 160_000], gamma=0.1),
]
train_cfg = dict(max_iters=180_000, val_interval=20_000)
