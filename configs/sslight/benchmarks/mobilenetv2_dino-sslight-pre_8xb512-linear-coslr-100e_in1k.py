_base_ = ['mobilenetv2_dino-baseline-pre_8xb512-linear-coslr-100e_in1k.py']

checkpoint = 'work_dirs/dino-sslight_mobilenetv2_8xb128-coslr-200e_in1k/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
