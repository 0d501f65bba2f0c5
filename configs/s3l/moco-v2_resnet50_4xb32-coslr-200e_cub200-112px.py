_base_ = ['moco-v2_resnet50_4xb32-coslr-200e_cub200.py']

image_size = 112
