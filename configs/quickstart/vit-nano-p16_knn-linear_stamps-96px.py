_base_ = [
    '../_base_/models/quickstart/vit-nano-p16_features.py',
    '../_base_/datasets/quickstart/stamps_96_eval.py',
    '../_base_/evaluation/knn.py',
    '../_base_/default_runtime.py',
]

test_cfg = dict(ks=(1, 10, 20), linear=dict())
test_evaluator = []
