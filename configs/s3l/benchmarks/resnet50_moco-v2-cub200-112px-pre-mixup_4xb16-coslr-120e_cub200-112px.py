_base_ = ['resnet50_moco-v2-cub200-112px-pre-mixup_4xb16-coslr-120e_cub200.py']

image_size = 112
