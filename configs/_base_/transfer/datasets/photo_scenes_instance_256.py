# Boxes and masks of the digits in PhotoScenes, written to data_root on first use.
_base_ = ['coco_instance.py']

data_root = 'data/photo_scenes/'

# no flip: the mirror image of a digit is another sign
load = dict(type='LoadImageFromFile')
annotate = dict(type='LoadAnnotations', with_bbox=True, with_mask=True)
pack = dict(type='PackDetInputs')
train_pipeline = [load, annotate, pack]

resize = dict(type='Resize', scale=(256, 256))  # changes nothing, but the mask head asks for the scale_factor
test_pack = dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))
test_pipeline = [load, resize, test_pack]

train_dataloader = dict(
    batch_sampler=None,
    dataset=dict(
        type='sslrecipes.PhotoScenesDetection',
        data_root=data_root,
        ann_file='annotations/instances_train.json',
        data_prefix=dict(img='train/'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type='sslrecipes.PhotoScenesDetection',
        data_root=data_root,
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img='val/'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(ann_file=data_root + 'annotations/instances_val.json')
test_evaluator = val_evaluator
