# SSLight pre-training of CNNs. The ends of the learning rate don't scale with the batch. Depthwise convolutions are
# spared from weight decay but scaled; biases and norms take plain momentum steps.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='LARS', lr=0.48 * 1024 / 256, momentum=0.9, weight_decay=1e-6, adapt_vectors=False),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay_depthwise=True),
)

param_scheduler = dict(type='CosineScheduler', warmup_epochs=10, start=0.0, final=0.0048)
train_cfg = dict(type='SSLTrainLoop', max_epochs=200, val_interval=1)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=1024, enable=False)
