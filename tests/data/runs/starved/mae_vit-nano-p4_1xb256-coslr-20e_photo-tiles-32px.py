model = dict(
    type='MAE',
    backbone=dict(
        type='MaskedViT',
        arch=dict(embed_dims=128, num_layers=4, num_heads=4, feedforward_channels=512),
        img_size=32,
        patch_size=4,
        mask_ratio=0.75,
    ),
    neck=dict(
        type='MAEDecoder',
        num_patches=64,
        patch_size=4,
        in_chans=3,
        embed_dim=128,
        decoder_embed_dim=64,
        decoder_depth=2,
        decoder_num_heads=4,
        mlp_ratio=4,
    ),
    head=dict(
        type='MAEPretrainHead',
        norm_pix=True,
        patch_size=4,
        loss=dict(type='PixelReconstructionLoss', criterion='L2'),
    ),
)
data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
crop = dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.5, 1.0), backend='pillow', interpolation='bicubic')
flip = dict(type='RandomFlip', prob=0.5)
pack = dict(type='PackInputs')
train_pipeline = [
    dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.5, 1.0), backend='pillow', interpolation='bicubic'),
    dict(type='RandomFlip', prob=0.5),
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
            dict(type='SlowStorage'),
            dict(
                type='RandomResizedCrop',
                scale=32,
                crop_ratio_range=(0.5, 1.0),
                backend='pillow',
                interpolation='bicubic',
            ),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackInputs'),
        ],
        indices=1280,
    ),
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.0015, betas=(0.9, 0.95), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
)
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=1, min_lr=0.0)
train_cfg = dict(type='SSLTrainLoop', max_epochs=2)
auto_scale_lr = dict(base_batch_size=256, enable=False)
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
custom_hooks = []
work_dir = 'work_dirs/starved'
