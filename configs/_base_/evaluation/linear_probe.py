"""Linear probes of a frozen backbone with five learning rates in one run, for tools/train.py. Inherit it beside a
FeatureModel and a labelled data set, and add:

    model = dict(_base_.probe, num_classes=10)
    val_evaluator = test_evaluator = [dict(type='ProbeAccuracy')]

A recipe that follows a paper has probe.lr_scales = (1.0,) and the paper's lr.
"""

probe = dict(type='LinearProbe', lr_scales=(0.1, 0.3, 1.0, 3.0, 10.0))

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.1 * 4096 / 256, momentum=0.9, weight_decay=0.0),
    constructor='ParamGroupsConstructor',
)

param_scheduler = dict(type='WarmupCosineLR', warmup_epochs=10, min_lr=0.0)
train_cfg = dict(type='SSLTrainLoop', max_epochs=90, val_interval=10)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=4096, enable=False)
