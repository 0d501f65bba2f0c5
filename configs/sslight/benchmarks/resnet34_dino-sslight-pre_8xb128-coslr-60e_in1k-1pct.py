_base_ = ['resnet34_dino-baseline-pre_8xb128-coslr-60e_in1k-1pct.py']

checkpoint = 'work_dirs/dino-sslight_resnet34_8xb128-coslr-200e_in1k/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)), head=dict(init_cfg=dict(checkpoint=checkpoint)))
