# Pre-training of ResNets. Biases and norms take plain momentum steps, are neither scaled nor decayed.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='LARS', lr=0.6 * 4096 / 256, momentum=0.9, weight_decay=1e-6, adapt_vectors=False),
)
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=10)
train_cfg = dict(type='SSLTrainLoop', max_epochs=100)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=4096, enable=False)
