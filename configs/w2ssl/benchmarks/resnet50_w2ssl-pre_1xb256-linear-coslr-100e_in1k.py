# Linear classification: batch norms of the frozen network as they are, ordinary global pooling, no resizing to 8 x 8
_base_ = [
    '../../_base_/models/s3l/resnet50_features.py',
    '../../_base_/datasets/s3l/in1k_classify_224.py',
    '../../_base_/evaluation/w2ssl/linear.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/w2ssl_resnet50_4xb128-amp-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, in_channels=2048, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=256)
