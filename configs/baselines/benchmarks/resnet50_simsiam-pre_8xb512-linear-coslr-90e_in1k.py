# The linear evaluation of SimSiam's authors: LARC on the classifier, the network in eval mode
_base_ = [
    '../../_base_/models/s3l/resnet50_features.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/evaluation/sslight/linear_lars.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/simsiam_resnet50_8xb32-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, in_channels=2048, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=512)
optim_wrapper = dict(
    optimizer=dict(lr=0.1 * 4096 / 256, adapt_vectors=True, denominator='gradient_plus_decay'),
)
param_scheduler = dict(final=0.0)
train_cfg = dict(max_epochs=90)
