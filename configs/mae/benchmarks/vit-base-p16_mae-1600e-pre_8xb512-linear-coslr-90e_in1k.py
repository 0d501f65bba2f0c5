_base_ = [
    '../../_base_/models/mae/vit-base-p16_features.py',
    '../../_base_/datasets/in1k_linear_224.py',
    '../../_base_/evaluation/linear_probe_bn.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/mae_vit-base-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth'
model = dict(_base_.probe, num_classes=1000, pool='cls', backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=512)
val_evaluator = test_evaluator = [dict(type='ProbeAccuracy')]
