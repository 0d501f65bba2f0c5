# BYOL with the settings of its own paper, to compare with: a teacher that slows down to a halt, two unlike views, LARS
_base_ = [
    '../_base_/models/s3l/byol_resnet50.py',
    '../_base_/datasets/s3l/in1k_two_views_224.py',
    '../_base_/schedules/s3l/lars_bs4096_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

model = dict(
    neck=dict(out_channels=256),
    head=dict(predictor=dict(in_channels=256, out_channels=256)),
    base_momentum=0.996,
    final_momentum=1.0,
)
views = dict(
    _base_.views,
    global_scale=(0.08, 1.0),
    jitter=(0.4, 0.4, 0.2, 0.1),
    blur=(1.0, 0.1, 0.5),
    solarize=(0.0, 0.2, 0.0),
    interpolation='bicubic',
)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.2 * 4096 / 256, weight_decay=1.5e-6))
