_base_ = [
    '../_base_/models/dino_resnet-nano.py',
    '../_base_/datasets/fashion_mnist_32_multi_crop.py',
    '../_base_/schedules/adamw_bs128_coslr_multi_crop_quickstart.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(logger=dict(interval=10))
model = dict(probe=dict(num_classes=10))
