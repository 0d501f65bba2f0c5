# For ViTs, whose crops may be smaller
_base_ = ['in1k_two_views_224.py']

views = dict(_base_.views, global_scale=(0.08, 1.0))
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
