_base_ = ['resnet50_mocov3-300e-pre_8xb128-linear-coslr-90e_in1k.py']

checkpoint = 'work_dirs/mocov3_resnet50_16xb256-amp-coslr-1000e_in1k/epoch_1000.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
