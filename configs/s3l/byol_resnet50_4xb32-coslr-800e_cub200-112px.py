_base_ = ['byol_resnet50_4xb32-coslr-800e_cub200.py']

image_size = 112
