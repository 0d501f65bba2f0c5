"""detectron2's schedule "1x" of 16 images per step: no weight decay of norms, no clipping, 1000 steps of warm-up."""

optim_wrapper = dict(
    type='sslrecipes.OptimWrapper',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0),
)

param_scheduler = [
    # the end is the first iteration after the full rate, which comes with iteration 1000
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1001),
    dict(type='MultiStepLR', by_epoch=False, milestones=[60_000, 80_000], gamma=0.1),
]

train_cfg = dict(type='sslrecipes.SSLIterTrainLoop', max_iters=90_000, val_interval=10_000)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=16, enable=False)
