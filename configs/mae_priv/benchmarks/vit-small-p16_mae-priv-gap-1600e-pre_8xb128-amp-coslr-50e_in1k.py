_base_ = ['vit-small-p16_mae-priv-gap-100e-pre_8xb128-amp-coslr-50e_in1k.py']

checkpoint = 'work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-1600e_in1k/epoch_1600.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
