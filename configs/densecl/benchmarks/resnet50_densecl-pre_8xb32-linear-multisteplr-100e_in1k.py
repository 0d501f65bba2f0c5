_base_ = [
    '../../_base_/models/s3l/resnet50_features.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/evaluation/s3l/linear.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/densecl_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, in_channels=2048, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
optim_wrapper = dict(optimizer=dict(lr=30.0, weight_decay=0.0))
param_scheduler = dict(milestones=[60, 80])
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=256)
