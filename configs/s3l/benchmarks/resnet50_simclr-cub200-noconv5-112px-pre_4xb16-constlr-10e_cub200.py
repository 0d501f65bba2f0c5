_base_ = ['resnet50_moco-v2-cub200-noconv5-pre_4xb16-constlr-10e_cub200.py']

checkpoint = 'work_dirs/simclr_resnet50-noconv5_4xb128-coslr-200e_cub200-112px/epoch_200.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
