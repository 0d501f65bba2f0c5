_base_ = [
    '../../_base_/models/mae/vit-base-p16_features.py',
    '../../_base_/datasets/in1k_linear_224.py',
    '../../_base_/evaluation/knn.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))

test_evaluator = []
