# Two views of 32 px of the tiles of photo_tiles_96.py: in grey and of equal contrast, so that neither colour nor light
# tells which photograph a tile is from.
data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[128.0, 128.0, 128.0],
    std=[56.0, 56.0, 56.0],
    to_rgb=True,
)

grey = dict(type='StandardizedGrey')
views = dict(
    type='MultiCrop',
    global_size=32,
    global_scale=(0.2, 1.0),
    num_locals=0,
    jitter=(0.4, 0.4, 0.0, 0.0),
    blur=(0.2, 0.2, 0.0),  # less than at 224 px, where a radius of 2 px hides less
    solarize=(0.0, 0.0, 0.0),
    grey_prob=0.0,
    backend='opencv',
)
pack = dict(type='PackInputs')
train_pipeline = [grey, views, pack]

train_dataloader = dict(
    batch_size=128,
    num_workers=0,  # views take about as long to fetch from a worker as to make
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='train', tile_size=96, stride=12, per_class=600, pipeline=train_pipeline),
)
