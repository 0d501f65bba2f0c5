_base_ = ['vit-base-p16_mae-1600e-pre_8xb128-amp-coslr-100e_in1k.py']

checkpoint = 'work_dirs/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k/epoch_300.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
