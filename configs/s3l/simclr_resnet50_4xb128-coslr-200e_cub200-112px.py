_base_ = ['simclr_resnet50_4xb128-coslr-200e_cub200.py']

views = dict(_base_.views, global_size=112)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
