_base_ = [
    '../../_base_/models/mae_priv/vit-base-p16_features.py',
    '../../_base_/datasets/in1k_linear_224.py',
    '../../_base_/evaluation/mae_priv/linear_true_lars.py',
    '../../_base_/runtimes/mae_priv/keep_best.py',
]

checkpoint = 'work_dirs/mae-priv-gap_vit-base-p16_8xb512-amp-coslr-400e_in1k/epoch_400.pth'
model = dict(_base_.probe, num_classes=1000, backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
train_dataloader = dict(batch_size=2048)
