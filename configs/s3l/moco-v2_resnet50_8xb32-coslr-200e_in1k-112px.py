_base_ = ['moco-v2_resnet50_8xb32-coslr-200e_in1k.py']

image_size = 112
