# For runs of some hundred steps, in which SGD hardly leaves the random weights
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='WarmupCosineLR')
train_cfg = dict(type='SSLTrainLoop', max_epochs=12)

auto_scale_lr = dict(base_batch_size=128, enable=False)
