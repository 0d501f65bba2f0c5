# MAE-priv fine-tuning
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=1e-3 * 1024 / 256, betas=(0.9, 0.999), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay=('cls_token',), layer_decay=0.75),
)

param_scheduler = dict(type='CosineScheduler', warmup_epochs=10, start=0.0, final=1e-6)
train_cfg = dict(type='SSLTrainLoop', max_epochs=50, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=1024, enable=False)
