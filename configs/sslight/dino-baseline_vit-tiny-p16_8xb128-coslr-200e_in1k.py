_base_ = [
    '../_base_/models/sslight/dino_vit-tiny-p16.py',
    '../_base_/datasets/sslight/in1k_multi_crop_224.py',
    '../_base_/schedules/sslight/adamw_bs1024_coslr.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

views = dict(_base_.views, global_scale=(0.25, 1.0), local_scale=(0.05, 0.25), num_locals=10)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
