"""Images of 224 px for the fine-tuning of a ViT on a small data set, on eight GPUs.

Inherit it beside datasets/small/*.py, and add, or with cifar_pipeline and cifar_test_pipeline for images in memory:

    train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.zoom_pipeline))
    val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))
"""

_base_ = ['../s3l/classify_224.py']

zoom = dict(_base_.zoom, crop_ratio_range=(0.05, 1.0))
in_memory = dict(type='RGBToBGR')
zoom_pipeline = [_base_.load, zoom, _base_.flip, _base_.pack]
cifar_pipeline = [in_memory, zoom, _base_.flip, _base_.pack]
cifar_test_pipeline = [in_memory, _base_.resize, dict(type='CenterCrop', crop_size=224), _base_.pack]

train_dataloader = dict(batch_size=128, drop_last=True)
val_dataloader = dict(batch_size=128)
test_dataloader = dict(batch_size=128)
