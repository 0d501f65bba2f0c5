# Views [g1, g2, l1 ... l6] of DINO and MoCo for CNNs (baseline), each as torchvision makes it of Pillow images; the
# validation view of the joint probe and the k-NN monitor. backend='opencv' is several times faster, and differs by a
# few grey levels.
data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

load = dict(type='LoadImageOrSkip')
views = dict(
    type='MultiCrop',
    global_size=224,
    global_scale=(0.14, 1.0),
    local_size=96,
    local_scale=(0.05, 0.14),
    num_locals=6,
    jitter=(0.4, 0.4, 0.2, 0.1),  # brightness, contrast, saturation, hue
    blur=(1.0, 0.1, 0.5),  # probabilities for g1, g2 and each local view
    solarize=(0.0, 0.2, 0.0),
    backend='pillow',
)
pack = dict(
    type='PackInputs',
    meta_keys=('sample_idx', 'img_path', 'ori_shape', 'img_shape', 'crop_boxes', 'crop_flips', 'view_ids'),
)
train_pipeline = [load, views, pack]
val_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='ImageNet', data_root='data/imagenet/', split='train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='ImageNet', data_root='data/imagenet/', split='val', test_mode=True, pipeline=val_pipeline),
)
val_cfg = dict()
val_evaluator = [dict(type='Accuracy', topk=(1, 5)), dict(type='SelfKNN', k=20, temperature=0.07)]
