_base_ = ['resnet-nano-d_knn-linear_fashion-mnist-32px.py', '../_base_/models/s3l/noconv5.py']

model = dict(backbone=dict(_base_.noconv5, strides=(2, 2, 2)))
