_base_ = [
    '../_base_/models/quickstart/resnet-nano-d_features.py',
    '../_base_/datasets/quickstart/grey_tiles_32_eval.py',
    '../_base_/evaluation/knn.py',
    '../_base_/default_runtime.py',
]

test_cfg = dict(ks=(1, 10, 20), linear=dict(batch_size=60))
test_evaluator = []
