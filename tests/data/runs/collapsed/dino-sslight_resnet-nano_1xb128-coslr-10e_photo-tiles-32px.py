model = dict(
    type='DINO',
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        stem_channels=16,
        base_channels=16,
        strides=(2, 2, 2, 2),
        zero_init_residual=False,
    ),
    neck=dict(type='DINONeck', in_channels=128, hidden_channels=256, bottleneck_channels=64, out_channels=512),
    head=dict(
        type='DINOHead',
        out_channels=512,
        loss_weights=(0.4, 0.6),
        warmup_teacher_temp_epochs=5,
        warmup_teacher_temp=0.01,
        teacher_temp=0.01,
        center_momentum=1.0,
    ),
    probe=dict(in_channels=128, num_classes=18),
    base_momentum=0.98,
    freeze_last_layer_epochs=0,
)
data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
views = dict(
    type='MultiCrop',
    global_size=32,
    global_scale=(0.3, 1.0),
    local_size=18,
    local_scale=(0.05, 0.3),
    num_locals=6,
    blur=(0.5, 0.1, 0.25),
    backend='opencv',
)
pack = dict(type='PackInputs')
train_pipeline = [
    dict(
        type='MultiCrop',
        global_size=32,
        global_scale=(0.3, 1.0),
        local_size=18,
        local_scale=(0.05, 0.3),
        num_locals=6,
        blur=(0.5, 0.1, 0.25),
        backend='opencv',
    ),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='PhotoTiles',
        split='train',
        tile_size=32,
        pipeline=[
            dict(
                type='MultiCrop',
                global_size=32,
                global_scale=(0.3, 1.0),
                local_size=18,
                local_scale=(0.05, 0.3),
                num_locals=2,
                blur=(0.5, 0.1, 0.25),
                backend='opencv',
            ),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='PhotoTiles', split='val', tile_size=32, test_mode=True, pipeline=[dict(type='PackInputs')]),
)
val_cfg = dict()
val_evaluator = [dict(type='Accuracy'), dict(type='SelfKNN', k=20, temperature=0.07)]
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
)
param_scheduler = dict(type='CosineScheduler', warmup_epochs=1, start=0.0, final=1e-05)
train_cfg = dict(type='SSLTrainLoop', max_epochs=3)
auto_scale_lr = dict(base_batch_size=128, enable=False)
default_scope = 'sslrecipes'
runner_type = 'SSLRunner'
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=6),
    progress=dict(type='sslrecipes.ProgressHook'),
    checkpoint=dict(type='sslrecipes.CheckpointHook', interval=1, interval_minutes=30, max_keep_ckpts=-1),
    nonfinite=dict(type='sslrecipes.NonFiniteHook', policy='stop'),
    bad_images=dict(type='sslrecipes.BadImagesHook', limit=0.01),
    collapse=dict(type='CollapseHook', interval=10),
)
randomness = dict(seed=0, diff_rank_seed=True)
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False
work_dir = 'work_dirs/collapsed'
custom_hooks = []
