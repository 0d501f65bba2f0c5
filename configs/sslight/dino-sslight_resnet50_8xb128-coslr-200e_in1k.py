_base_ = ['dino-baseline_resnet50_8xb128-coslr-200e_in1k.py', '../_base_/views/sslight/multi_crop.py']

views = dict(_base_.views, **_base_.sslight_views)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(head=dict(loss_weights=(0.4, 0.6)))
