# Pre-training view of MAE-priv: torchvision's RandomResizedCrop by default (0.08-1, bilinear), on Pillow images
_base_ = ['../mae/in1k_224.py']

crop = dict(_base_.crop, crop_ratio_range=(0.08, 1.0), interpolation='bilinear')
train_pipeline = [_base_.load, crop, _base_.flip, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
