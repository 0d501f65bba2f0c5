# UPerNet on a ViT, as BEiT and mmseg's MAE recipe train it. Both mean to exempt class token and positions from weight
# decay, but compare with names that lack the prefix; here they are exempt.
optim_wrapper = dict(
    type='sslrecipes.AmpOptimWrapper',
    dtype='float16',
    loss_scale='dynamic',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05, fused=True),
    constructor='sslrecipes.ParamGroupsConstructor',
    paramwise_cfg=dict(no_decay=('cls_token', 'pos_embed'), layer_decay=0.65),
)

param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=1501),
    dict(type='PolyLR', power=1.0, eta_min=0.0, by_epoch=False, begin=1500, end=160_000),
]
train_cfg = dict(type='sslrecipes.SSLIterTrainLoop', max_iters=160_000, val_interval=16_000)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=16, enable=False)
