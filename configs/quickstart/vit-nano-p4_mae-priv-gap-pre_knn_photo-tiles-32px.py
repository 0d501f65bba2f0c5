# k-NN on frozen features of the GAP variant: the mean of the last block's output
_base_ = [
    '../_base_/models/quickstart/mae-priv_vit-nano-p4_features.py',
    '../_base_/datasets/quickstart/photo_tiles_32_eval.py',
    '../_base_/evaluation/knn.py',
    '../_base_/default_runtime.py',
]

model = dict(backbone=dict(init_cfg=dict(checkpoint='work_dirs/quickstart/mae-priv/gap/epoch_8.pth')))
test_cfg = dict(ks=(1, 10, 20))
test_evaluator = []
work_dir = 'work_dirs/quickstart/mae-priv/gap-knn'
