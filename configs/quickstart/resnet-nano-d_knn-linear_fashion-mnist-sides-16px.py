# Whether features tell the left part of a picture from the right one
_base_ = [
    '../_base_/models/quickstart/resnet-nano-d_features.py',
    '../_base_/datasets/quickstart/fashion_mnist_16_sides.py',
    '../_base_/evaluation/knn.py',
    '../_base_/default_runtime.py',
]

test_cfg = dict(ks=(1, 10, 20), linear=dict(batch_size=60))
test_evaluator = []
