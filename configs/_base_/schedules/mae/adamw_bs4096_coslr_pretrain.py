# MAE pre-training: nothing but biases and norms is spared from weight decay, the cls and mask tokens are not
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=1.5e-4 * 4096 / 256, betas=(0.9, 0.95), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=40, min_lr=0.0)
train_cfg = dict(type='SSLTrainLoop', max_epochs=300)

auto_scale_lr = dict(base_batch_size=4096, enable=False)
