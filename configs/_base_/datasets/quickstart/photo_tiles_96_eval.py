# The same photographs with labels and without augmentation, few tiles of each, for k-NN, probes and fine-tuning.
data_preprocessor = dict(
    type='ClsDataPreprocessor',
    num_classes=18,
    mean=[128.0, 128.0, 128.0],
    std=[56.0, 56.0, 56.0],
    to_rgb=True,
)

pipeline = [dict(type='StandardizedGrey'), dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='train', tile_size=96, stride=24, per_class=60, pipeline=pipeline),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='PhotoTiles', split='val', tile_size=96, stride=24, per_class=40, test_mode=True, pipeline=pipeline
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy', topk=(1, 5)), dict(type='BalancedAccuracy')]
test_evaluator = val_evaluator
