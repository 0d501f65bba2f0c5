"""MAE-priv's linear probe by SGD.

Inherit it beside a FeatureModel, datasets/in1k_linear_224.py and runtimes/mae_priv/keep_best.py, and add:

    model = dict(_base_.probe, num_classes=1000)
    train_dataloader = dict(batch_size=512)
"""

probe = dict(type='LinearProbe', with_bn=True, bn_eps=1e-5, init_std=0.01, lr_scales=(1.0,))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1 * 4096 / 256, momentum=0.9, nesterov=True, weight_decay=0.0),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='CosineScheduler', warmup_epochs=10, start=0.0, final=1e-6)
train_cfg = dict(type='SSLTrainLoop', max_epochs=90, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=4096, enable=False)
