_base_ = ['resnet50_mocov3-300e-pre_8xb128-linear-coslr-90e_in1k.py']

checkpoint = 'work_dirs/mocov3_resnet50_8xb32-amp-coslr-200e_in1k/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
