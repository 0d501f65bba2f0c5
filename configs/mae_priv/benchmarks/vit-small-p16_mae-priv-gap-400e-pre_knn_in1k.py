_base_ = ['vit-small-p16_mae-priv-gap-100e-pre_knn_in1k.py']

checkpoint = 'work_dirs/mae-priv-gap_vit-small-p16_8xb512-amp-coslr-400e_in1k/epoch_400.pth'
model = dict(backbone=dict(init_cfg=dict(checkpoint=checkpoint)))
