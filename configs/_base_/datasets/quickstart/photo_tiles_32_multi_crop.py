# Views of 32 px tiles for runs of minutes, in the proportions of SSLight's baseline: 224 to 96 px is 32 to 14 px. The
# same tiles with labels, without augmentation, for the joint probe and the k-NN monitor.
data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

views = dict(
    type='MultiCrop',
    global_size=32,
    global_scale=(0.14, 1.0),
    local_size=14,
    local_scale=(0.05, 0.14),
    num_locals=6,
    blur=(0.5, 0.1, 0.25),  # less than at 224 px, where a radius of 2 px hides less
    backend='opencv',
)
pack = dict(type='PackInputs')
train_pipeline = [views, pack]

train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='train', tile_size=32, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='val', tile_size=32, test_mode=True, pipeline=[pack]),
)
val_cfg = dict()
val_evaluator = [dict(type='Accuracy'), dict(type='SelfKNN', k=20, temperature=0.07)]
