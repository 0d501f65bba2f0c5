"""MoCo v3's linear evaluation, for batches of 1024.

Inherit it beside a FeatureModel, datasets/s3l/in1k_classify_224.py and runtimes/keep_best.py, and add:

    model = dict(_base_.probe, num_classes=1000, in_channels=2048)
    train_dataloader = dict(batch_size=128)
"""

probe = dict(type='LinearProbe', lr_scales=(1.0,))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1 * 1024 / 256, momentum=0.9, weight_decay=0.0),
    constructor='ParamGroupsConstructor',
)
param_scheduler = dict(type='WarmupCosineLR', per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=90, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [dict(type='FrozenBackboneHook')]
auto_scale_lr = dict(base_batch_size=1024, enable=False)
