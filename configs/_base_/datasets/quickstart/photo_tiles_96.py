# Pre-training on tiles of the photographs inside scikit-image and scikit-learn: no download. In grey and of equal
# contrast: a random network tells photographs apart by their colours, as the tiles of one share them.
data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[128.0, 128.0, 128.0],
    std=[56.0, 56.0, 56.0],
    to_rgb=True,
)

crop = dict(type='RandomResizedCrop', scale=96, crop_ratio_range=(0.5, 1.0), backend='cv2', interpolation='bilinear')
flip = dict(type='RandomFlip', prob=0.5)
grey = dict(type='StandardizedGrey')
pack = dict(type='PackInputs')
train_pipeline = [crop, flip, grey, pack]

train_dataloader = dict(
    batch_size=64,
    num_workers=0,  # a tile takes about as long to fetch from a worker as to make
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='train', tile_size=96, stride=24, per_class=600, pipeline=train_pipeline),
)
