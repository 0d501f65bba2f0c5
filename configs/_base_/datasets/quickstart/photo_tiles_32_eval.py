# The same tiles with labels and without augmentation, for k-NN, probes and fine-tuning.
data_preprocessor = dict(
    type='ClsDataPreprocessor',
    num_classes=18,
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

train_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='train', tile_size=32, pipeline=[dict(type='PackInputs')]),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='val', tile_size=32, test_mode=True, pipeline=[dict(type='PackInputs')]),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy', topk=(1, 5)), dict(type='BalancedAccuracy')]
test_evaluator = val_evaluator
