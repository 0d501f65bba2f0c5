# Supervised training as the baselines of self-supervised papers have it: torchvision's settings, ten epochs longer
_base_ = [
    '../../_base_/models/s3l/resnet50_classifier.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/runtimes/keep_best.py',
]

model = dict(backbone=dict(_delete_=True, type='ResNet', depth=50, zero_init_residual=False))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
param_scheduler = dict(type='MultiStepLR', milestones=[30, 60, 90], gamma=0.1)
train_cfg = dict(type='SSLTrainLoop', max_epochs=100, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=256, enable=False)
