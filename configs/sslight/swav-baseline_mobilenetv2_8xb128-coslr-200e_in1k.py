_base_ = [
    '../_base_/models/sslight/swav_mobilenetv2.py',
    '../_base_/datasets/sslight/in1k_multi_crop_224.py',
    '../_base_/schedules/sslight/lars_bs1024_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

views = dict(_base_.views, jitter=(0.8, 0.8, 0.8, 0.2), blur=(0.5, 0.5, 0.5), solarize=(0.0, 0.0, 0.0))
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.3 * 1024 / 256))
param_scheduler = dict(start=0.075)
