"""SSLight's linear evaluation of ResNets and MobileNetV2, with the run-time settings: the best epoch is kept.

Inherit it (without default_runtime.py) beside a FeatureModel and datasets/in1k_sslight_eval_224.py, and add:

    model = dict(_base_.probe, num_classes=1000, in_channels=512)
    train_dataloader = dict(batch_size=512)
"""

_base_ = '../default_runtime.py'

probe = dict(type='LinearProbe', lr_scales=(1.0,))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='LARS', lr=0.05 * 4096 / 256, momentum=0.9, weight_decay=0.0, adapt_vectors=False),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='StepCosine', epochs=100, final=1e-6, per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=100, val_interval=1)
val_cfg = dict()
test_cfg = dict()

default_hooks = dict(checkpoint=dict(save_best='accuracy/top1'))

auto_scale_lr = dict(base_batch_size=4096, enable=False)
