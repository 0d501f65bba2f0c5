# Handwritten digits inside scikit-learn, 8 x 8 pixels: no download.
data_preprocessor = dict(
    type='ClsDataPreprocessor',
    num_classes=10,
    mean=[77.87, 77.87, 77.87],  # of the training split
    std=[95.71, 95.71, 95.71],
    to_rgb=True,
)

train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='train', pipeline=[dict(type='PackInputs')]),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='val', test_mode=True, pipeline=[dict(type='PackInputs')]),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1,))
test_evaluator = val_evaluator
