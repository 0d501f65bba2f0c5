_base_ = ['dino-step3-local-scale_resnet18_8xb128-coslr-200e_in1k.py']

views = dict(_base_.views, global_scale=(0.3, 1.0))
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
