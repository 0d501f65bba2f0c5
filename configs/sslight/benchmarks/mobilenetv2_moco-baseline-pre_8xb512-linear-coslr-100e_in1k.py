_base_ = [
    '../../_base_/models/sslight/mobilenetv2_features.py',
    '../../_base_/datasets/sslight/in1k_eval_224.py',
    '../../_base_/evaluation/sslight/linear_lars.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/moco-baseline_mobilenetv2_8xb128-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, in_channels=1280, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=512)
