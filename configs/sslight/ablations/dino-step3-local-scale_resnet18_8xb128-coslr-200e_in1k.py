_base_ = ['dino-step2-local-size_resnet18_8xb128-coslr-200e_in1k.py']

views = dict(_base_.views, local_scale=(0.05, 0.3))
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
