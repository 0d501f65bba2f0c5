"""Linear evaluation in S3L's classification benchmarks, for batches of 64. The bias is decayed, too.

Inherit it beside a FeatureModel, a data set and runtimes/keep_best.py, and add:

    model = dict(_base_.probe, num_classes=10, in_channels=2048)
"""

probe = dict(type='LinearProbe', lr_scales=(1.0,))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=10.0, momentum=0.9, weight_decay=5e-4),
    constructor='ParamGroupsConstructor',
    paramwise_cfg=dict(decay_bias=True),
)
param_scheduler = dict(type='MultiStepLR', milestones=[20, 40], gamma=0.1)
train_cfg = dict(type='SSLTrainLoop', max_epochs=60, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [dict(type='FrozenBackboneHook')]
auto_scale_lr = dict(base_batch_size=64, enable=False)
