# SwAV on two crops, with the views of its authors' run on two crops (batch 4,096) and the optimisation of theirs on
# eight crops at batch 256: LARC, which decays and adapts every parameter, and no warm-up. Pictures are normalised by
# .229, .224, .225, officially by .228, .224, .225.
_base_ = [
    '../_base_/models/baselines/swav_resnet50.py',
    '../_base_/datasets/s3l/in1k_two_views_224.py',
    '../_base_/runtimes/sslight/pretrain.py',
]

views = dict(_base_.views, global_scale=(0.08, 1.0), jitter=(0.8, 0.8, 0.8, 0.2))
train_pipeline = [_base_.load, views, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='LARS', lr=0.6, momentum=0.9, weight_decay=1e-6, denominator='gradient_plus_decay'),
)
param_scheduler = dict(type='CosineScheduler', final=0.0006)
train_cfg = dict(type='SSLTrainLoop', max_epochs=400)

sync_bn = 'torch'
auto_scale_lr = dict(base_batch_size=256, enable=False)
