_base_ = ['resnet50_moco-v2-cub200-pre-mixup_4xb16-coslr-120e_cub200.py']

checkpoint = 'work_dirs/resnet50_moco-v2-cub200-noconv5-112px-pre_4xb16-constlr-10e_cub200/epoch_10.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
