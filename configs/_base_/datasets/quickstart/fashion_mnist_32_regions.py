# The same of the pictures of fashion_mnist_32_two_views.py
_base_ = ['fashion_mnist_32_two_views.py']

views = dict(
    type='RegionCrops',
    regions=2,
    montage_size=32,
    region_scale=(0.3, 1.0),
    jitter=(0.4, 0.4, 0.0, 0.0),
    blur=(0.2, 0.2),
    solarize=(0.0, 0.0),
    grey_prob=0.0,
    backend='opencv',
    interpolation='bicubic',
)
train_pipeline = [views, _base_.pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
