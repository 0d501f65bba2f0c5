# SSLight pre-training of ViT-Ti: the weight decay follows a cosine, too, and grows. Class token and position embedding
# are decayed.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=5e-4 * 1024 / 256, betas=(0.9, 0.999), weight_decay=0.04, fused=True),
    constructor='ParamGroupsConstructor',
)

param_scheduler = [
    dict(type='CosineScheduler', warmup_epochs=10, start=0.0, final=1e-5),
    dict(type='CosineScheduler', param_name='weight_decay', final=0.4),
]
train_cfg = dict(type='SSLTrainLoop', max_epochs=200, val_interval=1)

auto_scale_lr = dict(base_batch_size=1024, enable=False)
