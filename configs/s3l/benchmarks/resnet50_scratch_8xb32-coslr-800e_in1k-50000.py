# Supervised training on 50,000 images of ImageNet, written once by
#     python tools/make_subset.py data/imagenet/train --total 50000 --out data/imagenet/subsets/50000.txt
# Without weight decay, as in the official script, which takes over the default of its linear evaluation.
_base_ = [
    '../../_base_/models/s3l/resnet50_classifier.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/runtimes/keep_best.py',
]

model = dict(backbone=dict(_delete_=True, type='ResNet', depth=50, zero_init_residual=False))
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ImageSubset',
        data_root='data/imagenet/train/',
        subset='data/imagenet/subsets/50000.txt',
        pipeline=_base_.train_pipeline,
    )
)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=0.0))
param_scheduler = dict(type='CosineScheduler', final=0.0, per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=800, val_interval=100)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=256, enable=False)
