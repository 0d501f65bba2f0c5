# ViTDet-B, 100 epochs: 184,375 iterations x 64 images / 118,000 images. Biases are decayed, norms and positions not;
# detectron2 decays the gains of its channel norms, too, which are no nn.LayerNorm there.
optim_wrapper = dict(
    type='sslrecipes.AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.1, fused=True),
    constructor='sslrecipes.ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay=('pos_embed',), decay_bias=True, layer_decay=0.7),
)

param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=251),
    dict(type='MultiStepLR', by_epoch=False, milestones=[163_889, 177_546], gamma=0.1),
]
train_cfg = dict(type='sslrecipes.SSLIterTrainLoop', max_iters=184_375, val_interval=18_500)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=64, enable=False)
