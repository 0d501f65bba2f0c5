# k-NN of MAE-priv: images are resized as torchvision does it by default, bilinearly
_base_ = ['../in1k_linear_224.py']

test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bilinear'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]

test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
