# Semi-supervised semantic segmentation of ImageNet-S-919: trained on the ten labelled pictures of each class, tested on
# validation, augmented as in LUSSeg's fork of mmseg. Heads need num_classes=920 and ignore_index=1000, the
# data_preprocessor size=(224, 224) and seg_pad_val=1000.
_base_ = ['ade20k_512.py']

data_root = 'data/ImageNetS/ImageNetS919'

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='sslrecipes.LoadImageNetSAnnotations'),
    dict(type='RandomResize', scale=(1024, 256), ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(224, 224), cat_max_ratio=0.75, ignore_index=1000),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='sslrecipes.LimitArea'),
    dict(type='Resize', scale=(1024, 256), keep_ratio=True),
    dict(type='sslrecipes.LoadImageNetSAnnotations'),
    dict(type='PackSegInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    dataset=dict(
        type='sslrecipes.ImageNetS',
        subset=919,
        data_root=data_root,
        data_prefix=dict(img_path='train-semi', seg_map_path='train-semi-segmentation'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='sslrecipes.ImageNetS',
        subset=919,
        data_root=data_root,
        data_prefix=dict(img_path='validation', seg_map_path='validation-segmentation'),
        pipeline=test_pipeline,
    )
)
test_dataloader = val_dataloader

val_evaluator = dict(ignore_index=1000)
test_evaluator = val_evaluator
