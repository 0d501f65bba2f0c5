_base_ = ['simclr_resnet-nano-d_1xb128-coslr-2e_fashion-mnist-32px.py', '../_base_/models/s3l/noconv5.py']

model = dict(backbone=dict(_base_.noconv5, strides=(2, 2, 2)), neck=dict(in_channels=64, hidden_channels=64))
