# The left and the right part of the tiles of grey_tiles_32_two_views.py: a montage of 32 px is made of four of 16 px
_base_ = ['grey_tiles_32_two_views.py']

views = dict(
    type='RegionCrops',
    regions=2,
    montage_size=32,
    region_scale=(0.2, 1.0),
    jitter=(0.4, 0.4, 0.0, 0.0),
    blur=(0.2, 0.2),
    solarize=(0.0, 0.0),
    grey_prob=0.0,
    backend='opencv',
    interpolation='bicubic',
)
train_pipeline = [_base_.grey, views, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
