_base_ = ['simsiam_resnet50_4xb32-coslr-200e_cub200.py']

image_size = 112
