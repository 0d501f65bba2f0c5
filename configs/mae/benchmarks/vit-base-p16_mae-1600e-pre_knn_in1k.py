_base_ = [
    '../../_base_/models/mae/vit-base-p16_features.py',
    '../../_base_/datasets/in1k_linear_224.py',
    '../../_base_/evaluation/knn.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/mae_vit-base-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))

test_evaluator = []
