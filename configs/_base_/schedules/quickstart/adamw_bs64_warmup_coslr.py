# The shape of MAE's schedule, for a run of minutes on a CPU: a small batch for many steps, a short warm-up
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.95), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=2, min_lr=0.0)
train_cfg = dict(type='SSLTrainLoop', max_epochs=20)

auto_scale_lr = dict(base_batch_size=64, enable=False)
