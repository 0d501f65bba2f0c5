# Semantic segmentation of PhotoScenes (8 textures, 10 digits), written to data_root on first use.
_base_ = ['ade20k_512.py']

data_root = 'data/photo_scenes/'

# no flip: the mirror image of a digit is another sign
load = dict(type='LoadImageFromFile')
annotate = dict(type='LoadAnnotations')
pack = dict(type='PackSegInputs')
train_pipeline = [
    load,
    annotate,
    dict(type='RandomResize', scale=(256, 256), ratio_range=(1.0, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(256, 256), cat_max_ratio=0.75),
    pack,
]
test_pipeline = [load, annotate, pack]

train_dataloader = dict(
    dataset=dict(
        type='sslrecipes.PhotoScenesSegmentation',
        data_root=data_root,
        data_prefix=dict(img_path='train', seg_map_path='semantic/train'),
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type='sslrecipes.PhotoScenesSegmentation',
        data_root=data_root,
        data_prefix=dict(img_path='val', seg_map_path='semantic/val'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
