# As vit-nano-p16_knn-linear_photo-tiles-96px.py, for the small ResNet
_base_ = [
    '../_base_/models/quickstart/resnet-nano_features.py',
    '../_base_/datasets/quickstart/photo_tiles_32_eval.py',
    '../_base_/evaluation/knn.py',
    '../_base_/default_runtime.py',
]

test_cfg = dict(ks=(1, 10, 20), linear=dict())
test_evaluator = []
