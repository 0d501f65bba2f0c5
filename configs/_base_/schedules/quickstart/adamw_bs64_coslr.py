# The shape of MAE-priv's pre-training schedule, for a run of a minute on a CPU
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.95), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay=('mask_token',)),
)

param_scheduler = dict(type='CosineScheduler', warmup_epochs=1, start=0.0, final=0.0)
train_cfg = dict(type='SSLTrainLoop', max_epochs=8)

auto_scale_lr = dict(base_batch_size=64, enable=False)
