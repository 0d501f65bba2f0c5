# As classify_224.py: a short edge of 128 px, crops of 112 px
_base_ = ['classify_224.py']

resize = dict(_base_.resize, scale=128)
crop_pipeline = [_base_.load, resize, _base_.flip, dict(type='RandomCrop', crop_size=112), _base_.pack]
test_pipeline = [dict(type='LoadImageFromFile'), resize, dict(type='CenterCrop', crop_size=112), _base_.pack]
