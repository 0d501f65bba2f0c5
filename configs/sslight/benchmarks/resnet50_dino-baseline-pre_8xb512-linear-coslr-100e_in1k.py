_base_ = [
    '../../_base_/models/sslight/resnet50_features.py',
    '../../_base_/datasets/in1k_sslight_eval_224.py',
    '../../_base_/evaluation/sslight_linear_lars.py',
]

checkpoint = 'work_dirs/dino-baseline_resnet50_8xb128-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, in_channels=2048, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=512)
