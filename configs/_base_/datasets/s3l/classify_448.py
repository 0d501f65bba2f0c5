# As classify_224.py: a short edge of 448 px, crops of 448 px
_base_ = ['classify_224.py']

resize = dict(_base_.resize, scale=448)
crop_pipeline = [_base_.load, resize, _base_.flip, dict(type='RandomCrop', crop_size=448), _base_.pack]
test_pipeline = [dict(type='LoadImageFromFile'), resize, dict(type='CenterCrop', crop_size=448), _base_.pack]
