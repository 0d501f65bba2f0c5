# Large-scale jitter as in ViTDet (https://arxiv.org/abs/2203.16527, appendix): scale 0.1 to 2.0 of 1024 px, a crop of
# at most 1024 px. The model's data_preprocessor pads to 1024 x 1024 after normalisation (pad_size_divisor=1024).
_base_ = ['coco_instance.py']

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomResize', scale=(1024, 1024), ratio_range=(0.1, 2.0), keep_ratio=True),
    dict(
        type='RandomCrop', crop_type='absolute', crop_size=(1024, 1024), recompute_bbox=True, allow_negative_crop=True
    ),
    dict(type='FilterAnnotations', min_gt_bbox_wh=(1e-2, 1e-2), keep_empty=False),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1024, 1024), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')),
]

# every picture is padded to the same square, so batches needn't be of one aspect ratio
train_dataloader = dict(batch_size=1, batch_sampler=None, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
