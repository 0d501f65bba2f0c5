_base_ = ['resnet50_moco-v2-cub200-pre-mixup_4xb16-coslr-120e_cub200.py']

checkpoint = 'work_dirs/moco-v2_resnet50_4xb32-coslr-200e_cub200-112px/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
