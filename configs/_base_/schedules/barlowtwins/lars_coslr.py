# Learning rates grow with the batch: 0.2 of weights and 0.0048 of biases and norms for 256 images; they end at a
# thousandth. LARS scales and decays weights only. The gradient of the official code is one W-th of the true one in W
# processes, which LARS takes out again for weights, but not for biases and norms: hence their division by 8 here.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    optimizer=dict(type='LARS', lr=0.2, momentum=0.9, weight_decay=1e-6, adapt_vectors=False),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(vector_lr_scale=0.0048 / 0.2 / 8),
)
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=10, min_lr=0.2 * 0.001)
train_cfg = dict(type='SSLTrainLoop', max_epochs=200)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=256, enable=False)
