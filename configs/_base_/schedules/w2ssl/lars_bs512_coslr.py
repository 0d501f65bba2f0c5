# The learning rate grows with the batch of images, not of montages; it rises from 0
optim_wrapper = dict(
    type='AmpOptimWrapper',
    optimizer=dict(type='LARS', lr=0.6 * 512 / 256, momentum=0.9, weight_decay=1e-6, adapt_vectors=False),
    constructor='ParamGroupsConstructor',
    dtype='float16',
    loss_scale='dynamic',
)
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=10)
train_cfg = dict(type='SSLTrainLoop', max_epochs=200)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=512, enable=False)
