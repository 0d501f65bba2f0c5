# One view of the tiles of grey_tiles_32_two_views.py, cropped and flipped
_base_ = ['grey_tiles_32_two_views.py']

crop = dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.5, 1.0), backend='pillow', interpolation='bicubic')
flip = dict(type='RandomFlip', prob=0.5)
train_pipeline = [_base_.grey, crop, flip, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
