"""BYOL on a folder of a few hundred pictures without labels, at half the usual resolution: for one small machine.

It needs neither negatives nor a queue, of which a small data set has too few.
"""

_base_ = [
    '../../../configs/_base_/models/s3l/byol_resnet50.py',
    '../../../configs/_base_/datasets/s3l/two_views.py',
    '../../../configs/_base_/schedules/s3l/sgd_coslr.py',
    '../../../configs/_base_/default_runtime.py',
]

image_size = 112
model = dict(backbone=dict(depth=18), neck=dict(in_channels=512))
train_dataloader = dict(
    batch_size=50, num_workers=1, dataset=dict(type='ImageFolder', data_root='data/few_pictures/unlabelled')
)
optim_wrapper = dict(optimizer=dict(lr=0.125 * 50 / 128))
auto_scale_lr = dict(base_batch_size=50, enable=False)
train_cfg = dict(max_epochs=100)
default_hooks = dict(checkpoint=dict(interval=10))
custom_hooks = [dict(type='CollapseHook', interval=50)]
