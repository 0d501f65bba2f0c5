# SimCLR and BYOL as in their own papers, whose learning rates grow with the batch
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='LARS', lr=0.3 * 4096 / 256, momentum=0.9, weight_decay=1e-6),
    constructor='ParamGroupsConstructor',
)
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=10)
train_cfg = dict(type='SSLTrainLoop', max_epochs=1000)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=4096, enable=False)
