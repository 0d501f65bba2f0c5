# MAE fine-tuning of ViT-B: AdamW with layer-wise learning-rate decay
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=5e-4 * 1024 / 256, betas=(0.9, 0.999), weight_decay=0.05, fused=True),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay=('cls_token', 'pos_embed'), layer_decay=0.65),
)

param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=5, min_lr=1e-6)
train_cfg = dict(type='SSLTrainLoop', max_epochs=100, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=1024, enable=False)
