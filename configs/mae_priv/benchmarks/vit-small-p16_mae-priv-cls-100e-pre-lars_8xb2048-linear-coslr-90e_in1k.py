_base_ = ['vit-small-p16_mae-priv-gap-100e-pre-lars_8xb2048-linear-coslr-90e_in1k.py']

checkpoint = 'work_dirs/mae-priv-cls_vit-small-p16_8xb512-amp-coslr-100e_in1k/epoch_100.pth'
model = dict(backbone=dict(with_cls_token=True, init_cfg=dict(checkpoint=checkpoint)))
