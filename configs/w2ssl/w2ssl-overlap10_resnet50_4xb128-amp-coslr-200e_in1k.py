# Each part has 60 % of the width instead of 80 %, and shares 20 % instead of 60 %
_base_ = ['w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py']

views = dict(_base_.views, overlap=0.1)
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
