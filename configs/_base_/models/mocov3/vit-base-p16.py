# MoCo v3 with a ViT-B: a deeper projection, a predictor that ends with a batch norm, a patch projection left at random
_base_ = ['resnet50.py']

model = dict(
    backbone=dict(_delete_=True, type='MoCoV3ViT', arch='base', img_size=224, patch_size=16, stop_grad_conv1=True),
    neck=dict(in_channels=768, num_layers=3),
    head=dict(predictor=dict(last_norm='plain'), temperature=0.2),
)
