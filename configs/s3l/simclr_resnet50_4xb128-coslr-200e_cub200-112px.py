_base_ = ['simclr_resnet50_4xb128-coslr-200e_cub200.py']

image_size = 112
