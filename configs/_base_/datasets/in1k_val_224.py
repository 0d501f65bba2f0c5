# The validation images of ImageNet-1k: short edge of 256 px, centre of 224 px.
test_load = dict(type='LoadImageFromFile')
resize = dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bicubic')
center_crop = dict(type='CenterCrop', crop_size=224)
test_pipeline = [test_load, resize, center_crop, dict(type='PackInputs')]

val_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='ImageNet', data_root='data/imagenet/', split='val', test_mode=True, pipeline=test_pipeline),
)
