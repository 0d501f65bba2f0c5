# DeiT's training. Its rate moves once per epoch in the rise, too, an epoch late, and its cosine begins below the rise.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=5e-4 * 1024 / 512, betas=(0.9, 0.999), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay=('cls_token', 'pos_embed')),
)
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=5, start=1e-6, min_lr=1e-5, per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=150, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=1024, enable=False)
