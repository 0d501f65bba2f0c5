# Pre-training view of MAE-priv: torchvision's RandomResizedCrop by default (0.08-1, bilinear), on Pillow images
_base_ = ['../mae/in1k_224.py']

train_pipeline = [
    dict(type='LoadImageOrSkip'),
    dict(type='RandomResizedCrop', scale=224, crop_ratio_range=(0.08, 1.0), backend='pillow', interpolation='bilinear'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackInputs'),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
