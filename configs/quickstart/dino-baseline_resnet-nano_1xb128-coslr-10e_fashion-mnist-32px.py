_base_ = [
    '../_base_/models/quickstart/dino_resnet-nano.py',
    '../_base_/datasets/quickstart/fashion_mnist_32_multi_crop.py',
    '../_base_/schedules/quickstart/adamw_bs128_coslr_multi_crop.py',
    '../_base_/default_runtime.py',
]

model = dict(probe=dict(num_classes=10))
