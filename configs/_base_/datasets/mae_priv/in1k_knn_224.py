# k-NN of MAE-priv: images are resized as torchvision does it by default, bilinearly
_base_ = ['../in1k_linear_224.py']

resize = dict(_base_.resize, interpolation='bilinear')
test_pipeline = [_base_.test_load, resize, _base_.center_crop, _base_.pack]

test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
