"""mmseg's schedule of SGD with a polynomial decay over 80k steps, for 16 images of 512 px or 8 of Cityscapes."""

optim_wrapper = dict(
    type='sslrecipes.OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
)

param_scheduler = [dict(type='PolyLR', power=0.9, eta_min=1e-4, by_epoch=False, begin=0, end=80_000)]

train_cfg = dict(type='sslrecipes.SSLIterTrainLoop', max_iters=80_000, val_interval=8_000)
val_cfg = dict()
test_cfg = dict()
