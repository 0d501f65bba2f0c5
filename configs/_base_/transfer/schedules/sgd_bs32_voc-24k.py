"""SSLight's schedule for Pascal VOC 07+12 with FPN: 32 images per step."""

_base_ = 'sgd_bs16_voc-24k.py'

optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=201),
    dict(type='MultiStepLR', by_epoch=False, milestones=[18_000, 22_000], gamma=0.1),
]
auto_scale_lr = dict(base_batch_size=32)
