# For runs of minutes: LARS needs large batches and long runs to pay
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='CosineScheduler', warmup_epochs=1, start=0.0, final=1e-5)
train_cfg = dict(type='SSLTrainLoop', max_epochs=10)

auto_scale_lr = dict(base_batch_size=128, enable=False)
