# Pre-training on tiles of the photographs inside scikit-image and scikit-learn: no download.
data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

crop = dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.5, 1.0), backend='pillow', interpolation='bicubic')
flip = dict(type='RandomFlip', prob=0.5)
pack = dict(type='PackInputs')
train_pipeline = [crop, flip, pack]

train_dataloader = dict(
    batch_size=256,
    num_workers=0,  # a tile takes about as long to fetch from a worker as to make
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='train', tile_size=32, pipeline=train_pipeline),
)
