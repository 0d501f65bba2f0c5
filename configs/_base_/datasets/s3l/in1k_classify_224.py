# ImageNet as the linear evaluation and the supervised baseline of S3L see it, on eight GPUs
_base_ = ['../in1k_linear_224.py']

crop = dict(
    type='RandomResizedCrop', scale=224, crop_ratio_range=(0.08, 1.0), backend='pillow', interpolation='bilinear'
)
resize = dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bilinear')
train_pipeline = [_base_.load, crop, _base_.flip, _base_.pack]
test_pipeline = [_base_.test_load, resize, _base_.center_crop, _base_.pack]

train_dataloader = dict(batch_size=32, drop_last=False, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
