# MAE-priv pre-training: the mask token is spared from weight decay, a class token is not
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=1.5e-4 * 4096 / 256, betas=(0.9, 0.95), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay=('mask_token',)),
)

param_scheduler = dict(type='CosineScheduler', warmup_epochs=10, start=0.0, final=0.0)
train_cfg = dict(type='SSLTrainLoop', max_epochs=100)

auto_scale_lr = dict(base_batch_size=4096, enable=False)
