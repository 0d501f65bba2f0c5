_base_ = [
    '../../_base_/models/sslight/vit-tiny-p16_features.py',
    '../../_base_/datasets/sslight/in1k_eval_224.py',
    '../../_base_/evaluation/sslight/linear_sgd.py',
    '../../_base_/runtimes/keep_best.py',
]

checkpoint = 'work_dirs/dino-baseline_vit-tiny-p16_8xb128-coslr-200e_in1k/epoch_200.pth'
model = dict(_base_.probe, num_classes=1000, outputs='all', backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
