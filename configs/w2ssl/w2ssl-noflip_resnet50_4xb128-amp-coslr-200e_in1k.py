# A mirrored region looks like one of the other side: without flips its position can be told
_base_ = ['w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py']

views = dict(_base_.views, flip_prob=0.0)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
