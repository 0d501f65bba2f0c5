_base_ = ['resnet50_moco-v2-cub200-pre-mixup_4xb16-coslr-120e_cub200.py']

checkpoint = 'work_dirs/byol_resnet50_4xb32-coslr-800e_cub200-112px/epoch_800.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
