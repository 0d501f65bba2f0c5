# Two views of the pictures of any data set, on four GPUs. Heirs inherit datasets/small/*.py, too, and say
# train_dataloader.dataset.
_base_ = ['../../views/s3l/aug_plus.py']

data_preprocessor = dict(
    type='SelfSupDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)

load = dict(type='LoadImageOrSkip')
train_pipeline = [load, _base_.views, _base_.pack]

train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(pipeline=train_pipeline),
)
