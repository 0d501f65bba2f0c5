"""Images of 224 px for S3L's classification benchmarks, on four GPUs.

Inherit it beside datasets/small/*.py, and add, or with crop_pipeline instead:

    train_dataloader = dict(dataset=dict(_base_.train_set, pipeline=_base_.zoom_pipeline))
    val_dataloader = test_dataloader = dict(dataset=dict(_base_.test_set, pipeline=_base_.test_pipeline))

Every image of an epoch counts: the last batch may be small.
"""

data_preprocessor = dict(
    type='ClsDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)

load = dict(type='LoadImageOrSkip')
resize = dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bilinear')
flip = dict(type='RandomFlip', prob=0.5)
pack = dict(type='PackInputs')
zoom = dict(
    type='RandomResizedCrop', scale=224, crop_ratio_range=(0.08, 1.0), backend='pillow', interpolation='bilinear'
)
zoom_pipeline = [load, zoom, flip, pack]
crop_pipeline = [load, resize, flip, dict(type='RandomCrop', crop_size=224), pack]
test_pipeline = [dict(type='LoadImageFromFile'), resize, dict(type='CenterCrop', crop_size=224), pack]

train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
