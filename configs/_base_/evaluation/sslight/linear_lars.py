"""SSLight's linear evaluation of ResNets and MobileNetV2.

Inherit it beside a FeatureModel, datasets/sslight/in1k_eval_224.py and runtimes/keep_best.py, and add:

    model = dict(_base_.probe, num_classes=1000, in_channels=512)
    train_dataloader = dict(batch_size=512)
"""

probe = dict(type='LinearProbe', lr_scales=(1.0,))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='LARS', lr=0.05 * 4096 / 256, momentum=0.9, weight_decay=0.0, adapt_vectors=False),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='CosineScheduler', final=1e-6, per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=100, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=4096, enable=False)
