_base_ = [
    '../../_base_/models/mae_priv/vit-small-p16_features.py',
    '../../_base_/datasets/mae_priv/in1k_knn_224.py',
    '../../_base_/evaluation/knn.py',
    '../../_base_/default_runtime.py',
]

checkpoint = 'work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-100e_in1k/epoch_100.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))

test_evaluator = []
