_base_ = ['resnet18_dino-baseline-pre_8xb512-linear-coslr-100e_in1k.py']

checkpoint = 'work_dirs/dino-sslight_resnet18_8xb128-coslr-200e_in1k/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
