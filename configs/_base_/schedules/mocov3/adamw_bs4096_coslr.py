# Pre-training of ViTs. Everything that is trained is decayed, norms, biases and class token included.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=1.5e-4 * 4096 / 256, weight_decay=0.1, fused=True),
)
param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=40)
train_cfg = dict(type='SSLTrainLoop', max_epochs=300)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=4096, enable=False)
